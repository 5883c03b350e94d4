/* Preloaded under memcheck: whatever is read from standard input counts as undefined, that is, as secret. */

#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>
#include <valgrind/memcheck.h>

ssize_t read(int fd, void *buffer, size_t size)
{
    ssize_t length = syscall(SYS_read, fd, buffer, size);
    if (fd == STDIN_FILENO && length > 0)
        (void)VALGRIND_MAKE_MEM_UNDEFINED(buffer, length);
    return length;
}
