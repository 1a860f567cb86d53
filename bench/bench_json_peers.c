/* One round of parse and print with cJSON and with jansson. */
#include <cjson/cJSON.h>
#include <jansson.h>
#include <stdlib.h>

void cjson_round(const char *text, size_t len);
void jansson_round(const char *text, size_t len);

void cjson_round(const char *text, size_t len)
{
    cJSON *v = cJSON_ParseWithLength(text, len);

    free(cJSON_PrintUnformatted(v));
    cJSON_Delete(v);
}

void jansson_round(const char *text, size_t len)
{
    json_t *v = json_loadb(text, len, 0, NULL);

    free(json_dumps(v, JSON_COMPACT));
    json_decref(v);
}
