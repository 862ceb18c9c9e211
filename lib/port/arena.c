// SPDX-License-Identifier: MIT
/* MAP_ANONYMOUS, memfd_create.
 * NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE
#include "arena.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CANARY 0xC5
#define MOST_BEFORE ((size_t)64)

static size_t round_up(size_t size, size_t to) {
    return (size + to - 1) / to * to;
}

static size_t inner_size(const struct arena *a) {
    return a->map_size - 2 * a->page;
}

/* Pages that are in no file system, twice in our address space. */
static bool map_twice(struct arena *a) {
    size_t inner = inner_size(a);
    int fd = memfd_create("gradgate", MFD_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    void *ours = MAP_FAILED;
    void *theirs = MAP_FAILED;
    if (ftruncate(fd, (off_t)inner) == 0) {
        ours = mmap(NULL, inner, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        theirs = mmap(a->map + a->page, inner, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
    }
    (void)close(fd);
    a->pages = ours != MAP_FAILED ? ours : NULL;
    return ours != MAP_FAILED && theirs != MAP_FAILED;
}

static bool map_pages(struct arena *a, size_t inner, bool read_only) {
    arena_free(a);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = inner + 2 * page;
    void *map = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        return false;
    }
    *a = (struct arena){.map = map, .map_size = size, .page = page, .read_only = read_only};
    bool good =
        read_only ? map_twice(a) : mprotect(a->map + page, inner, PROT_READ | PROT_WRITE) == 0;
    if (!good) {
        arena_free(a);
    }
    return good;
}

void arena_free(struct arena *a) {
    if (a->pages != NULL) {
        (void)munmap(a->pages, inner_size(a));
    }
    if (a->map != NULL) {
        (void)munmap(a->map, a->map_size);
    }
    *a = (struct arena){0};
}

/* Whoever misses by more is out of luck, or hits the guard. */
static size_t gap_before(const struct arena *a) {
    size_t room = (size_t)(a->data - (a->map + a->page));
    return room < MOST_BEFORE ? room : MOST_BEFORE;
}

static size_t gap_behind(const struct arena *a) {
    return (size_t)(a->map + a->map_size - a->page - (a->data + a->size));
}

bool arena_fit(struct arena *a, size_t size, bool read_only) {
    static size_t page; /* asked for once: it is a constant */
    page = page > 0 ? page : (size_t)sysconf(_SC_PAGESIZE);
    if (size > PTRDIFF_MAX / 2) {
        return false;
    }
    size_t inner = round_up(size > 0 ? size : 1, page);
    bool fits = a->map != NULL && inner_size(a) == inner && a->read_only == read_only;
    if (!fits && !map_pages(a, inner, read_only)) {
        return false;
    }
    size_t offset = inner - round_up(size, ARENA_ALIGNMENT);
    a->size = size;
    a->data = a->map + a->page + offset;
    a->ours = a->pages != NULL ? a->pages + offset : a->data;
    memset(a->ours - gap_before(a), CANARY, gap_before(a));
    memset(a->ours + a->size, CANARY, gap_behind(a));
    return true;
}

static bool is_alive(const unsigned char bytes[], size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != CANARY) {
            return false;
        }
    }
    return true;
}

enum arena_damage arena_damage(const struct arena *a) {
    if (!is_alive(a->data + a->size, gap_behind(a))) {
        return ARENA_BEHIND;
    }
    return is_alive(a->data - gap_before(a), gap_before(a)) ? ARENA_WHOLE : ARENA_BEFORE;
}

enum arena_place arena_place(const struct arena *a, const void *address) {
    uintptr_t at = (uintptr_t)address;
    uintptr_t start = (uintptr_t)a->map;
    if (a->map == NULL || at < start || at >= start + a->map_size) {
        return ARENA_ELSEWHERE;
    }
    if (at < start + a->page) {
        return ARENA_GUARD_BEFORE;
    }
    return at < start + a->map_size - a->page ? ARENA_INSIDE : ARENA_GUARD_BEHIND;
}
