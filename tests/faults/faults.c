/*
 * Makes one file operation of a program fail: the N-th below a folder.
 *
 * Loaded with LD_PRELOAD. It has the kernel trap the system calls, rather than stand in front of the
 * functions of the C library, because some Rust libraries call the kernel past it: one of them gives
 * blob files their names.
 *
 * FAULTS_BELOW   the folder
 * FAULTS_AT      N, counted over all threads from 1
 * FAULTS_ERROR   ENOSPC, or EIO, which reading can meet as well
 * FAULTS_THEN    "recover" after that operation, or "remain"
 * FAULTS_MARK    a file that is made when an operation fails, and names it
 * FAULTS_OFFSET  if it is there, only reading from this offset of a file fails, below the folder or
 *                of the file that takes its place
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <unistd.h>

#if defined(__x86_64__)
#define RESULT(registers) (registers)->gregs[REG_RAX]
#define ARGUMENTS(registers)                                                                       \
    {(registers)->gregs[REG_RDI], (registers)->gregs[REG_RSI], (registers)->gregs[REG_RDX],        \
     (registers)->gregs[REG_R10], (registers)->gregs[REG_R8]}
#elif defined(__aarch64__)
#define RESULT(registers) (registers)->regs[0]
#define ARGUMENTS(registers)                                                                       \
    {(registers)->regs[0], (registers)->regs[1], (registers)->regs[2], (registers)->regs[3],       \
     (registers)->regs[4]}
#else
#error "where this processor keeps the arguments of system calls is not known here"
#endif

/* A call with this as its sixth argument, which none of these has, is one of our own. */
#define OWN 0x6661756c

/* Where a call has its path: an argument is a file descriptor, a path, or a folder and a path. */
enum subject { OF_FILE, OF_PATH, OF_PATH_AT };

/* A call that may have to make something needs room only if it does. */
enum effect { CHANGES, MAKES, READS };

struct operation {
    const char *name;
    int number;
    enum subject subject;
    enum effect effect;
    /* The argument with the flags of an opening; 0 for other calls. */
    int flags;
};

static const struct operation OPERATIONS[] = {
    {"write", SYS_write, OF_FILE, CHANGES, 0},
    {"writev", SYS_writev, OF_FILE, CHANGES, 0},
    {"pwrite", SYS_pwrite64, OF_FILE, CHANGES, 0},
    {"fsync", SYS_fsync, OF_FILE, CHANGES, 0},
    {"fdatasync", SYS_fdatasync, OF_FILE, CHANGES, 0},
    {"ftruncate", SYS_ftruncate, OF_FILE, CHANGES, 0},
    {"fallocate", SYS_fallocate, OF_FILE, CHANGES, 0},
    {"openat", SYS_openat, OF_PATH_AT, MAKES, 2},
    {"mkdirat", SYS_mkdirat, OF_PATH_AT, MAKES, 0},
    {"linkat", SYS_linkat, OF_PATH_AT, CHANGES, 0},
    {"unlinkat", SYS_unlinkat, OF_PATH_AT, CHANGES, 0},
    {"renameat2", SYS_renameat2, OF_PATH_AT, CHANGES, 0},
#ifdef SYS_renameat
    {"renameat", SYS_renameat, OF_PATH_AT, CHANGES, 0},
#endif
#ifdef SYS_open
    {"open", SYS_open, OF_PATH, MAKES, 1},
    {"mkdir", SYS_mkdir, OF_PATH, MAKES, 0},
    {"unlink", SYS_unlink, OF_PATH, CHANGES, 0},
    {"rename", SYS_rename, OF_PATH, CHANGES, 0},
    {"access", SYS_access, OF_PATH, READS, 0},
#endif
    {"read", SYS_read, OF_FILE, READS, 0},
    {"readv", SYS_readv, OF_FILE, READS, 0},
    {"pread", SYS_pread64, OF_FILE, READS, 0},
    {"getdents", SYS_getdents64, OF_FILE, READS, 0},
    {"statx", SYS_statx, OF_PATH_AT, READS, 0},
    {"fstatat", SYS_newfstatat, OF_PATH_AT, READS, 0},
    {"faccessat", SYS_faccessat, OF_PATH_AT, READS, 0},
};

enum { COUNT = sizeof OPERATIONS / sizeof *OPERATIONS };

static const char *below, *mark;
static long at, offset = -1;
static int error, remains;
static long counted;

/* A path as the call means it. */
static int path_of(const struct operation *operation, const long *arguments, char *path)
{
    const char *name = operation->subject == OF_PATH ? (const char *)arguments[0]
                                                     : (const char *)arguments[1];
    if (operation->subject != OF_FILE && !name)
        return 0;
    if (operation->subject == OF_PATH || (operation->subject == OF_PATH_AT && name[0] == '/'))
        return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", (int)arguments[0]);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    if (operation->subject == OF_PATH_AT)
        return snprintf(path + length, PATH_MAX - length, "/%s", name) < PATH_MAX - length;
    return 1;
}

static int is_below(const char *path)
{
    size_t length = strlen(below);
    return !strncmp(path, below, length) && (path[length] == '/' || !path[length]);
}

/* Whether a call that may have to make something has to. */
static int makes(const struct operation *operation, const long *arguments, const char *path)
{
    long flags = operation->flags ? arguments[operation->flags] : O_CREAT;
    if ((flags & O_TMPFILE) == O_TMPFILE)
        return 1;
    return (flags & O_CREAT) && (error == EIO || syscall(SYS_faccessat, AT_FDCWD, path, F_OK, 0, 0, OWN));
}

static int is_to_fail(const struct operation *operation, const long *arguments, char *path)
{
    if (operation->effect == READS && error != EIO)
        return 0;
    if (offset >= 0 && (operation->number != SYS_pread64 || arguments[3] != offset))
        return 0;
    if (!path_of(operation, arguments, path) || !is_below(path))
        return 0;
    if (operation->effect == MAKES && !makes(operation, arguments, path))
        return 0;
    long number = __atomic_add_fetch(&counted, 1, __ATOMIC_RELAXED);
    return remains ? number >= at : number == at;
}

static void tell(const char *operation, const char *path)
{
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%s %s\n", operation, path);
    int file = syscall(SYS_openat, AT_FDCWD, mark, O_WRONLY | O_CREAT | O_APPEND, 0600, 0, OWN);
    syscall(SYS_write, file, line, length, 0, 0, OWN);
    close(file);
}

static long answer(int number, const long *arguments)
{
    char path[PATH_MAX];
    for (int i = 0; i < COUNT; i++) {
        const struct operation *operation = &OPERATIONS[i];
        if (operation->number == number && is_to_fail(operation, arguments, path)) {
            tell(operation->name, path);
            return -error;
        }
    }
    long result = syscall(number, arguments[0], arguments[1], arguments[2], arguments[3],
                          arguments[4], OWN);
    return result == -1 ? -errno : result;
}

static void trapped(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    int saved = errno;
    mcontext_t *registers = &((ucontext_t *)context)->uc_mcontext;
    long arguments[] = ARGUMENTS(registers);
    RESULT(registers) = answer(info->si_syscall, arguments);
    errno = saved;
}

static void trap(void)
{
    struct sock_filter filter[COUNT + 6] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN, COUNT + 1, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    for (int i = 0; i < COUNT; i++)
        filter[3 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                     OPERATIONS[i].number, COUNT - i, 0);
    filter[3 + COUNT] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[4 + COUNT] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    struct sock_fprog program = {COUNT + 5, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        perror("the system calls cannot be trapped");
        _exit(99);
    }
}

__attribute__((constructor)) static void begin(void)
{
    below = getenv("FAULTS_BELOW");
    mark = getenv("FAULTS_MARK");
    at = atol(getenv("FAULTS_AT"));
    error = strcmp(getenv("FAULTS_ERROR"), "EIO") ? ENOSPC : EIO;
    const char *only = getenv("FAULTS_OFFSET");
    if (only)
        offset = atol(only);
    remains = !strcmp(getenv("FAULTS_THEN"), "remain");
    struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (sigaction(SIGSYS, &action, NULL)) {
        perror("no handler for the traps");
        _exit(99);
    }
    trap();
}
