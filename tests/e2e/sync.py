"""Locks of workflows and templates: the rows that ConfigMaps and the database have in common."""
from world import check, check_in, conformance, row

FOLDER = "e2e/synchronization/"


def waits_for(w, word):
    """Does it, or a node of it, wait for a lock?"""
    status = w.status
    return word in status.get("synchronization", {}) and (status["synchronization"][word].get("waiting") or False)


def load(w, manifest):
    """A manifest of the corpus; two have a slip of the pen in apiVersion, which upstream's client does not send."""
    docs = conformance.load(f"{w.corpus}/{FOLDER}{manifest}")
    for doc in docs:
        doc.pop("dbapiVersion", None)
        doc["apiVersion"] = "argoproj.io/v1alpha1"
    return docs[0]


def rows(file, prefix, limit, forget):
    """@limit(w, workflow=1): sets limits of semaphores; @forget(w): takes them away."""

    @row(file, "TestSynchronizationWfLevelMutex")
    def workflow_mutex(w):
        w.submit(load(w, f"{prefix}mutex-wf-level-1.yaml"))
        w.submit(load(w, f"{prefix}mutex-wf-level.yaml"))
        w.until("it waits", lambda: waits_for(w, "mutex"))
        w.wait("Succeeded")

    @row(file, "TestTemplateLevelMutex")
    def template_mutex(w):
        w.submit(load(w, f"{prefix}mutex-tmpl-level.yaml"))
        w.until("it waits", lambda: waits_for(w, "mutex"))
        w.wait("Succeeded")

    @row(file, "TestWorkflowLevelSemaphore")
    def workflow_semaphore(w):
        limit(w, workflow=1)
        slow = load(w, f"{prefix}semaphore-wf-level.yaml")
        slow["spec"]["templates"][0]["container"]["args"] = ["sleep", "3s"]
        first = w.submit(slow).name
        w.wait("Running")
        second = w.submit(load(w, f"{prefix}semaphore-wf-level.yaml")).name
        w.until("it waits", lambda: waits_for(w, "semaphore"))
        check(w.phase in ("", "Pending"), w.phase)
        check_in("Waiting for", w.message)
        w.name = first
        w.wait()
        w.name = second
        w.wait("Succeeded")
        forget(w)

    @row(file, "TestTemplateLevelSemaphore")
    def template_semaphore(w):
        limit(w, template=1)
        slow = load(w, f"{prefix}semaphore-tmpl-level.yaml")
        slow["spec"]["templates"][1]["container"]["args"] = ["sleep", "2s"]
        w.submit(slow).wait("Running")
        w.until("a node waits", lambda: any("Waiting for" in n.get("message", "") for n in w.nodes))
        w.wait("Succeeded")

    @row(file, "TestSynchronizationTmplLevelMutexAndSemaphore")
    def template_both(w):
        limit(w, workflow=1)
        w.run(load(w, f"{prefix}tmpl-level-mutex-semaphore.yaml"))

    @row(file, "TestSynchronizationMultiple")
    def multiple(w):
        limit(w, workflow=2)
        w.run(load(w, f"{prefix}multiple.yaml"))
