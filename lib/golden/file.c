// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include "file.h"

#include "error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reading ---- */

/* Reads until size bytes are there or the file ends; returns the number, or -1. */
static ssize_t read_full(int fd, unsigned char bytes[], size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t n = read(fd, bytes + done, size - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        done += (size_t)n;
    }
    return (ssize_t)done;
}

static enum golden_status measure(int fd, size_t *size, struct golden_error *error) {
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return error_system(error, GOLDEN_FILE_READ);
    }
    if (!S_ISREG(status.st_mode)) {
        return error_set(error, GOLDEN_FILE_KIND, -1, "");
    }
    if ((uintmax_t)status.st_size >= PTRDIFF_MAX) {
        return error_set(error, GOLDEN_NO_MEMORY, -1, "");
    }
    *size = (size_t)status.st_size;
    return GOLDEN_OK;
}

enum golden_status file_descriptor(const char *path, int *fd, size_t *size,
                                   struct golden_error *error) {
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0) {
        return error_system(error, GOLDEN_FILE_OPEN);
    }
    enum golden_status status = measure(*fd, size, error);
    if (status != GOLDEN_OK) {
        (void)close(*fd);
    }
    return status;
}

static enum golden_status read_all(int fd, size_t size, struct file_view *out,
                                   struct golden_error *error) {
    unsigned char *bytes = malloc(size + 1);
    if (bytes == NULL) {
        return error_set(error, GOLDEN_NO_MEMORY, -1, "");
    }
    /* One byte more than it should have: a file that changes meanwhile is not half-read. */
    ssize_t n = read_full(fd, bytes, size + 1);
    if (n < 0 || (size_t)n != size) {
        errno = n < 0 ? errno : 0;
        free(bytes);
        return error_system(error, GOLDEN_FILE_READ);
    }
    *out = (struct file_view){.bytes = bytes, .size = size};
    return GOLDEN_OK;
}

enum golden_status file_open(const char *path, struct file_view *out, struct golden_error *error) {
    *out = (struct file_view){0};
    int fd;
    size_t size;
    enum golden_status status = file_descriptor(path, &fd, &size, error);
    if (status == GOLDEN_OK) {
        status = read_all(fd, size, out, error);
        (void)close(fd);
    }
    return status;
}

void file_close(struct file_view *view) {
    free((void *)view->bytes);
    *view = (struct file_view){0};
}

/* ---- writing ---- */

static bool write_full(int fd, const unsigned char bytes[], size_t size) {
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            errno = n < 0 ? errno : 0;
            return false;
        }
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

static bool write_parts(int fd, const struct file_part parts[], size_t n_parts) {
    for (size_t i = 0; i < n_parts; i++) {
        if (!write_full(fd, parts[i].bytes, parts[i].size)) {
            return false;
        }
    }
    return true;
}

/* Not mkstemp: its mode 0600 would survive the rename, and the umask cannot be read safely. */
static int create_beside(const char *path, char temporary[], size_t size) {
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        (void)snprintf(temporary, size, "%s.%ld-%u.tmp", path, (long)getpid(), attempt);
        int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

enum golden_status file_write(const char *path, const struct file_part parts[], size_t n_parts,
                              struct golden_error *error) {
    size_t size = strlen(path) + 48;
    char *temporary = malloc(size);
    if (temporary == NULL) {
        return error_set(error, GOLDEN_NO_MEMORY, -1, "");
    }
    enum golden_status status = GOLDEN_OK;
    int fd = create_beside(path, temporary, size);
    if (fd < 0) {
        status = error_system(error, GOLDEN_FILE_WRITE);
        goto done;
    }
    bool written = write_parts(fd, parts, n_parts);
    int why = errno;
    bool closed = close(fd) == 0; /* a full disk may be told only at the end */
    errno = written ? errno : why;
    if (!written || !closed || rename(temporary, path) != 0) {
        status = error_system(error, GOLDEN_FILE_WRITE);
        (void)unlink(temporary);
    }
done:
    free(temporary);
    return status;
}

/* ---- folders ---- */

enum golden_status file_visit(const char *dir,
                              enum golden_status (*visit)(const char *name, void *ctx), void *ctx,
                              struct golden_error *error) {
    DIR *folder = opendir(dir);
    if (folder == NULL) {
        return error_system(error, GOLDEN_DIR_OPEN);
    }
    enum golden_status status = GOLDEN_OK;
    while (status == GOLDEN_OK) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (entry == NULL) {
            status = errno == 0 ? GOLDEN_OK : error_system(error, GOLDEN_DIR_READ);
            break;
        }
        status = visit(entry->d_name, ctx);
    }
    (void)closedir(folder);
    return status;
}
