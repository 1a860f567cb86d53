/* See isolation.h. What the values mean, and what is wrong with them, is the daemon's to say.
 */
#include "cli/isolation.h"

void cli_isolation_options(struct cli *cli, struct arena *a, struct daemon_options *ret)
{
    ret->isolation = cli_flag(cli, "isolation");
    ret->rules = flags_list(a, &cli->flags, "isolation-rule", &ret->rule_count);
    ret->runtime = cli_flag(cli, "runtime");
    ret->network = cli_flag(cli, "image-network");
    ret->image_range = cli_flag(cli, "image-range");
    ret->image_archives = cli_flag(cli, "image-archives");
    ret->image_auth = cli_flag(cli, "image-auth");
    ret->image_registries = cli_flag(cli, "image-registries");
    ret->image_store_mib = flags_int(&cli->flags, "image-store-mib");
}
