/* Credentials, wiped on release and compared in constant time. */
#include "base/secret.h"

#include "base/mem.h"

void secret_init(struct secret *s, struct str value)
{
    s->hidden_.ptr = mem_dup(value.ptr, value.len);
    s->hidden_.len = value.len;
}

void secret_done(struct secret *s)
{
    if (s->hidden_.ptr)
        explicit_bzero(s->hidden_.ptr, s->hidden_.len);
    free(s->hidden_.ptr);
    *s = (struct secret){0};
}

bool secret_is_set(const struct secret *s)
{
    return s->hidden_.len > 0;
}

struct str secret_reveal(const struct secret *s)
{
    return str_of(s->hidden_.ptr, s->hidden_.len);
}

bool secret_equals(const struct secret *s, struct str other)
{
    size_t len = s->hidden_.len;
    unsigned char diff = (unsigned char) (len != other.len);

    for (size_t i = 0; i < other.len; i++)
        diff |= (unsigned char) (other.ptr[i] ^ (len ? s->hidden_.ptr[i % len] : 1));
    return diff == 0;
}
