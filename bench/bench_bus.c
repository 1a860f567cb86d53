/*
 * Durable appends of 1 KB by 32 producers, each waiting for its own, beside SQLite's own group
 * commit of the same rows in batches of the size that the bus reached.
 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"
#include "events/bus/bus.h"

enum { PRODUCERS = 32, EVENTS_EACH = 1500, PAYLOAD_BYTES = 1024 };

static char payload[PAYLOAD_BYTES];
static struct bus *bus;

static void *produce(void *ctx)
{
    int number = (int) (intptr_t) ctx;
    struct bus_record r = {.source = STR("src"),
                           .event = STR("e"),
                           .ns = STR("argo"),
                           .payload = {payload, PAYLOAD_BYTES}};

    for (int i = 0; i < EVENTS_EACH; i++) {
        char id[40];
        struct err err;

        snprintf(id, sizeof(id), "%032x", (unsigned) (number * EVENTS_EACH + i));
        r.id = str_of(id, 32);
        if (bus_publish_wait(bus, &r, 10000, &err) < 0)
            abort();
    }
    return NULL;
}

static double of_bus(const char *path, struct loop *loop)
{
    pthread_t threads[PRODUCERS];
    double start;
    struct err err;

    bus = bus_open(&(struct bus_options){.path = path, .loop = loop}, &err);
    if (!bus)
        abort();
    start = bench_now();
    for (intptr_t i = 0; i < PRODUCERS; i++)
        pthread_create(&threads[i], NULL, produce, (void *) i);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
    start = bench_now() - start;
    bus_close(bus);
    return PRODUCERS * EVENTS_EACH / start;
}

/* The bare thing: one thread, one prepared insert, one commit for every PRODUCERS rows. */
static double of_sqlite(const char *path)
{
    char file[BENCH_PATH_BYTES + 20];
    sqlite3 *db;
    sqlite3_stmt *s;
    double start;

    snprintf(file, sizeof(file), "%s/bare.db", path);
    if (sqlite3_open(file, &db) != SQLITE_OK)
        abort();
    sqlite3_exec(db,
                 "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA "
                 "wal_autocheckpoint = 4000;"
                 "CREATE TABLE r (seq INTEGER PRIMARY KEY, at INTEGER, ns TEXT, source TEXT, "
                 "event TEXT, id TEXT, payload TEXT)",
                 NULL, NULL, NULL);
    sqlite3_prepare_v2(db,
                       "INSERT INTO r (at, ns, source, event, id, payload) VALUES (1, 'argo', "
                       "'src', 'e', ?, ?)",
                       -1, &s, NULL);
    start = bench_now();
    for (int i = 0; i < PRODUCERS * EVENTS_EACH; i++) {
        char id[40];

        if (i % PRODUCERS == 0)
            sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        snprintf(id, sizeof(id), "%032x", (unsigned) i);
        sqlite3_bind_text(s, 1, id, 32, SQLITE_STATIC);
        sqlite3_bind_text(s, 2, payload, PAYLOAD_BYTES, SQLITE_STATIC);
        sqlite3_step(s);
        sqlite3_reset(s);
        if (i % PRODUCERS == PRODUCERS - 1)
            sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    }
    start = bench_now() - start;
    sqlite3_finalize(s);
    sqlite3_close(db);
    return PRODUCERS * EVENTS_EACH / start;
}

int main(void)
{
    char path[BENCH_PATH_BYTES];
    struct err err;
    struct loop *loop = loop_new(&err);

    memset(payload, 'x', sizeof(payload));
    bench_folder(path);
    bench_print("bus_append_1k_32", of_bus(path, loop), "events/s", of_sqlite(path), 0.8);
    loop_free(loop);
    return 0;
}
