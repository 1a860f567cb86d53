/*
 * The system calls of a container, as the configuration of an OCI runtime has them. The names
 * are those of pods/shim/syscalls.def, which isolation host uses, too. A call that is not known
 * does not exist: programs fall back to what came before it.
 */
#include "pods/images/bundle.h"

#if defined(__x86_64__)
#define ARCHITECTURES "\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\""
#elif defined(__aarch64__)
#define ARCHITECTURES "\"SCMP_ARCH_AARCH64\",\"SCMP_ARCH_ARM\""
#else
#error "the architectures of this machine's system calls are not known"
#endif

#define SYSCALL(name) "\"" #name "\","
static const char text[] =
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"architectures\":"
    "[" ARCHITECTURES "],\"syscalls\":[{\"names\":["
#include "pods/shim/syscalls.def"
    "\"fork\",\"vfork\"," /* words that this code may not say otherwise */
    /* 32-bit programs know some by other names. */
    "\"_llseek\",\"_newselect\",\"chown32\",\"clock_gettime64\",\"clock_nanosleep_time64\","
    "\"fadvise64_64\",\"fchown32\",\"fcntl64\",\"fstat64\",\"fstatat64\",\"fstatfs64\","
    "\"ftruncate64\",\"futex_time64\",\"getegid32\",\"geteuid32\",\"getgid32\",\"getgroups32\","
    "\"getresgid32\",\"getresuid32\",\"getuid32\",\"lchown32\",\"lstat64\",\"mmap2\","
    "\"ppoll_time64\",\"pselect6_time64\",\"recv\",\"send\",\"sendfile64\",\"setfsgid32\","
    "\"setfsuid32\",\"setgid32\",\"setgroups32\",\"setregid32\",\"setresgid32\","
    "\"setresuid32\","
    "\"setreuid32\",\"setuid32\",\"sigprocmask\",\"sigreturn\",\"socketcall\",\"stat64\","
    "\"statfs64\",\"truncate64\",\"ugetrlimit\",\"utimensat_time64\",\"waitpid\","
    "\"cachestat\",\"fchmodat2\",\"futex_wait\",\"futex_wake\",\"futex_requeue\"],"
    "\"action\":\"SCMP_ACT_ALLOW\"},"
    /* No new namespaces. clone3 keeps its flags where no filter can look. */
    "{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
    "\"value\":2114060288,\"valueTwo\":0,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
    "{\"names\":[\"clone3\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38},"
    "{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
    "\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]},"
    "{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
    "\"value\":8,\"op\":\"SCMP_CMP_EQ\"}]},"
    "{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
    "\"value\":4294967295,\"op\":\"SCMP_CMP_EQ\"}]},"
    "{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
    "\"value\":40,\"op\":\"SCMP_CMP_NE\"}]},"
    "{\"names\":[\"mount\",\"umount2\",\"unshare\",\"setns\",\"ptrace\",\"bpf\",\"keyctl\","
    "\"add_key\",\"request_key\",\"reboot\",\"swapon\",\"swapoff\",\"sethostname\","
    "\"setdomainname\",\"settimeofday\",\"clock_settime\",\"adjtimex\",\"pivot_root\","
    "\"perf_event_open\",\"process_vm_readv\",\"process_vm_writev\",\"syslog\","
    "\"open_by_handle_at\",\"name_to_handle_at\",\"init_module\",\"finit_module\","
    "\"delete_module\",\"kexec_load\",\"ioperm\",\"iopl\",\"quotactl\",\"acct\"],"
    "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1}]}";
#undef SYSCALL

const char *bundle_seccomp(void)
{
    return text;
}
