"""semaphore_test.go: locks whose limits are ConfigMaps."""
import sync
from world import config_map

sync.rows("semaphore_test.go", "", lambda w, **limits: w.create(config_map("my-config", **{k: str(v) for k, v in limits.items()})),
          lambda w: w.api("DELETE", "/api/v1/namespaces/argo/configmaps/my-config"))
