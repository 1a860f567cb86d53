/*
 * objects/shapes_security.c - the rights of pods and containers. Immutable tables; any thread.
 *
 * Hardening of a kernel module that this machine may not have is FIELD_NO_OP; what says who the
 * program is, or what it may do, is refused until it is carried out.
 */
#include "objects/shapes_internal.h"

static const struct field se_linux_options_rows[] = {
    TEXT("level", "Level of the label."),
    TEXT("role", "Role of the label."),
    TEXT("type", "Type of the label."),
    TEXT("user", "User of the label."),
    {0},
};
LOCAL_SHAPE(se_linux_options, "SELinuxOptions", "A label of SELinux.");

static const struct field profile_rows[] = {
    CHOICE("type", "Localhost|RuntimeDefault|Unconfined", "Which profile.",
           .flags = FIELD_REQUIRED),
    TEXT("localhostProfile", "Name of a profile of the machine."),
    {0},
};
LOCAL_SHAPE(profile, "SecurityProfile", "A profile of AppArmor.");

static const struct field seccomp_profile_rows[] = {
    CHOICE("type", "RuntimeDefault|Unconfined", "Which profile.", .flags = FIELD_REQUIRED,
           .unbuilt = "Localhost"),
    TEXT("localhostProfile", "Name of a profile of the machine.", .flags = FIELD_UNSUPPORTED),
    {0},
};
LOCAL_SHAPE(seccomp_profile, "SeccompProfile", "A profile of seccomp.");

static const struct field windows_options_rows[] = {
    TEXT("gmsaCredentialSpec", "Content of the credential spec."),
    TEXT("gmsaCredentialSpecName", "Name of the credential spec."),
    FLAG("hostProcess", "Whether the container is a process of the host."),
    TEXT("runAsUserName", "User of the program."),
    {0},
};
LOCAL_SHAPE(windows_options, "WindowsSecurityContextOptions", "Settings for Windows.");

static const struct field capabilities_rows[] = {
    TEXTS("add", "Capabilities to add."),
    TEXTS("drop", "Capabilities to take away."),
    {0},
};
LOCAL_SHAPE(capabilities, "Capabilities", "Capabilities of the kernel.");

static const struct field security_context_rows[] = {
    WHOLE("runAsUser", "Number of the user."),
    WHOLE("runAsGroup", "Number of the group."),
    FLAG("runAsNonRoot", "Whether running as root is an error."),
    FLAG("privileged", "Whether the container has all rights of the machine.",
         .flags = FIELD_UNSUPPORTED),
    FLAG("readOnlyRootFilesystem", "Whether the image cannot be written."),
    PART("capabilities", capabilities, "Capabilities to add and to take away."),
    FLAG("allowPrivilegeEscalation", "Whether a process may gain rights."),
    PART("seccompProfile", seccomp_profile, "Profile of system calls."),
    PART("appArmorProfile", profile, "Profile of AppArmor.", .flags = FIELD_NO_OP),
    PART("seLinuxOptions", se_linux_options, "Label of SELinux.", .flags = FIELD_NO_OP),
    PART("windowsOptions", windows_options, "Settings for Windows.", .flags = FIELD_NO_OP),
    TEXT("procMount", "How /proc is mounted.", .flags = FIELD_NO_OP),
    {0},
};
SHAPE(security_context, "SecurityContext", "Rights of a container.");

static const struct field sysctl_rows[] = {
    TEXT("name", "Name of the setting.", .flags = FIELD_REQUIRED),
    TEXT("value", "Its value.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(sysctl, "Sysctl", "A setting of the kernel.");

static const struct field pod_security_context_rows[] = {
    WHOLE("runAsUser", "Number of the user."),
    WHOLE("runAsGroup", "Number of the group."),
    FLAG("runAsNonRoot", "Whether running as root is an error."),
    WHOLE("fsGroup", "Group that owns the volumes."),
    LIST_OF("supplementalGroups", FIELD_I64, "Further groups."),
    PARTS("sysctls", sysctl, "Settings of the kernel.", .flags = FIELD_UNSUPPORTED),
    CHOICE("fsGroupChangePolicy", "Always|OnRootMismatch",
           "When the owner of volumes is changed."),
    CHOICE("supplementalGroupsPolicy", "Merge|Strict", "How further groups are found."),
    PART("seccompProfile", seccomp_profile, "Profile of system calls."),
    PART("appArmorProfile", profile, "Profile of AppArmor.", .flags = FIELD_NO_OP),
    PART("seLinuxOptions", se_linux_options, "Label of SELinux.", .flags = FIELD_NO_OP),
    TEXT("seLinuxChangePolicy", "How volumes get their label.", .flags = FIELD_NO_OP),
    PART("windowsOptions", windows_options, "Settings for Windows.", .flags = FIELD_NO_OP),
    {0},
};
SHAPE(pod_security_context, "PodSecurityContext", "Rights of all containers of a pod.");
