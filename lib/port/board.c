// SPDX-License-Identifier: MIT
/* MAP_ANONYMOUS. NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _DEFAULT_SOURCE
#include "board.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

struct port_board {
    size_t size; /* of the mapping */
    size_t slot_size;
    volatile sig_atomic_t current; /* 0: nothing published; 1, 2: the slot that is whole */
    volatile sig_atomic_t returned;
    _Alignas(max_align_t) unsigned char slots[];
};

struct port_board *board_create(size_t slot_size) {
    if (slot_size > PTRDIFF_MAX / 2 - sizeof(struct port_board)) {
        errno = ENOMEM;
        return NULL;
    }
    size_t size = sizeof(struct port_board) + 2 * slot_size;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return NULL;
    }
    struct port_board *board = memory;
    board->size = size;
    board->slot_size = slot_size;
    return board;
}

void board_free(struct port_board *board) {
    if (board != NULL) {
        (void)munmap(board, board->size);
    }
}

void board_protect(struct port_board *board) {
    (void)mprotect(board, board->size, PROT_READ);
}

static void unprotect(struct port_board *board) {
    (void)mprotect(board, board->size, PROT_READ | PROT_WRITE);
}

void port_publish(struct port_board *board, const void *data) {
    unprotect(board);
    sig_atomic_t next = board->current == 1 ? 2 : 1;
    memcpy(board->slots + (size_t)(next - 1) * board->slot_size, data, board->slot_size);
    board->current = next;
    board_protect(board);
}

void board_mark_returned(struct port_board *board) {
    unprotect(board);
    board->returned = 1;
    board_protect(board);
}

bool board_has_returned(const struct port_board *board) {
    return board->returned != 0;
}

bool board_read(const struct port_board *board, void *data) {
    if (board->current == 0) {
        return false;
    }
    memcpy(data, board->slots + (size_t)(board->current - 1) * board->slot_size, board->slot_size);
    return true;
}
