"""db_semaphore_test.go: locks whose limits are rows of the store."""
import sync
from world import skip


def limit(w, **limits):
    for key, count in limits.items():
        w.api("POST", "/api/v1/sync/argo", {"type": "DATABASE", "key": key, "limit": count})


sync.rows("db_semaphore_test.go", "db-", limit, lambda w: None)
skip("db_semaphore_test.go", "TestSynchronizationCases",
     "rows of other controllers in a database that they share: the store of one machine has one controller")
