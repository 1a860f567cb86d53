/* Effects that happen once. See once.h. */
#include "store/once.h"

int store_once_object(struct store *s, struct arena *a, struct str mark,
                      const struct store_object **ret, struct err *err)
{
    struct err found = {0}; /* that there is none is no error of the caller's */
    struct store_key key;

    if (str_is_empty(mark))
        return 0;
    if (store_once_get(s, a, mark, &key, &found) < 0) {
        if (found.kind == ERR_NOT_FOUND)
            return 0;
    } else {
        *ret = NULL;
        if (str_is_empty(key.kind) || store_get(s, &key, ret, &found) == 0 ||
            found.kind == ERR_NOT_FOUND)
            return 1;
    }
    *err = found;
    return -1;
}
