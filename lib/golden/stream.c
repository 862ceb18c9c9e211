// SPDX-License-Identifier: MIT
#include "stream.h"

#include "error.h"
#include "npy.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* ---- the file ---- */

static bool looks_like_zip(const struct map *map) {
    return map->size >= 2 && map->bytes[0] == 'P' && map->bytes[1] == 'K';
}

static enum golden_status open_npy(struct golden_file *f, struct golden_error *error) {
    f->names.members = calloc(1, sizeof *f->names.members);
    char *name = text_copy("", 0);
    if (f->names.members == NULL || name == NULL) {
        free(name);
        return error_set(error, GOLDEN_NO_MEMORY, -1, "");
    }
    f->names.n_members = 1;
    f->names.members[0].name = name;
    return GOLDEN_OK;
}

static enum golden_status open_npz(struct golden_file *f, struct golden_error *error) {
    f->zip = npz_open(f->map.bytes, f->map.size, error);
    return f->zip == NULL ? error->code : npz_directory(f->zip, f->map.size, &f->names, error);
}

enum golden_status golden_open(const char *path, struct golden_file **out,
                               struct golden_error *error) {
    struct golden_error local = {0};
    error = error != NULL ? error : &local;
    error_clear(error);
    if (path == NULL || out == NULL) {
        return error_set(error, GOLDEN_NULL, -1, "");
    }
    *out = NULL;
    struct golden_file *f = calloc(1, sizeof *f);
    enum golden_status status = GOLDEN_OK;
    if (f != NULL) {
        f->path = text_copy(path, strlen(path));
    }
    if (f == NULL || f->path == NULL) {
        status = error_set(error, GOLDEN_NO_MEMORY, -1, "");
    } else {
        status = map_open(path, &f->map, error);
    }
    if (status == GOLDEN_OK) {
        status = looks_like_zip(&f->map) ? open_npz(f, error) : open_npy(f, error);
    }
    if (status != GOLDEN_OK) {
        error_set_file(error, path);
        golden_close(f);
        return status;
    }
    *out = f;
    return GOLDEN_OK;
}

void golden_close(struct golden_file *f) {
    if (f == NULL) {
        return;
    }
    golden_npz_free(&f->names);
    if (f->zip != NULL) {
        zip_discard(f->zip);
    }
    map_close(&f->map);
    free(f->path);
    free(f);
}

size_t golden_n_arrays(const struct golden_file *f) {
    return f != NULL ? f->names.n_members : 0;
}

const char *golden_array_name(const struct golden_file *f, size_t i) {
    return i < golden_n_arrays(f) ? f->names.members[i].name : NULL;
}

bool golden_is_archive(const struct golden_file *f) {
    return f != NULL && f->zip != NULL;
}

/* ---- one array of it ---- */

static enum golden_status open_member(struct stream *s, struct golden_error *error) {
    size_t size = 0;
    enum golden_status status =
        npz_member_open(s->file->zip, s->member, &s->zip_file, &size, error);
    if (status != GOLDEN_OK) {
        return status;
    }
    s->n_start = size < NPY_START_SIZE ? size : NPY_START_SIZE;
    s->start = malloc(NPY_START_SIZE);
    if (s->start == NULL) {
        return error_set(error, GOLDEN_NO_MEMORY, -1, "");
    }
    status = npz_member_read(s->zip_file, s->start, s->n_start, error);
    return status == GOLDEN_OK ? golden_npy_parse(s->start, s->n_start, size, &s->header, error)
                               : status;
}

static enum golden_status fail(const struct stream *s, struct golden_error *error,
                               enum golden_status status) {
    if (s->file->zip != NULL) {
        npz_error_member(error, golden_array_name(s->file, s->member));
    }
    error_set_file(error, s->file->path);
    return status;
}

enum golden_status stream_open(const struct golden_file *file, size_t member, struct stream *out,
                               struct golden_error *error) {
    out->file = file;
    out->member = member;
    out->done = 0;
    out->zip_file = NULL;
    out->start = NULL;
    enum golden_status status = file->zip != NULL
                                    ? open_member(out, error)
                                    : golden_npy_parse(file->map.bytes, file->map.size,
                                                       file->map.size, &out->header, error);
    if (status != GOLDEN_OK) {
        stream_close(out);
        return fail(out, error, status);
    }
    return GOLDEN_OK;
}

/* The data begin in what was read for the header, and go on in the member. */
static enum golden_status read_member(struct stream *s, unsigned char bytes[], size_t size,
                                      struct golden_error *error) {
    size_t at = s->header.data_offset + s->done;
    size_t here = at < s->n_start ? s->n_start - at : 0;
    here = here < size ? here : size;
    memcpy(bytes, s->start + (here > 0 ? at : 0), here);
    enum golden_status status = npz_member_read(s->zip_file, bytes + here, size - here, error);
    bool last = s->done + size == s->header.data_size;
    return status == GOLDEN_OK && last ? npz_member_end(s->zip_file, error) : status;
}

enum golden_status stream_next(struct stream *s, struct array *block, struct golden_error *error) {
    size_t width = array_dtype_size(s->header.dtype);
    size_t left = (s->header.data_size - s->done) / width;
    size_t count = left < STREAM_BLOCK ? left : STREAM_BLOCK;
    size_t size = count * width;
    unsigned char *bytes = (unsigned char *)s->block;
    *block = (struct array){
        .dtype = s->header.dtype, .ndim = 1, .shape = {count}, .count = count, .data = s->block};
    if (s->zip_file != NULL) {
        enum golden_status status = read_member(s, bytes, size, error);
        if (status != GOLDEN_OK) {
            return fail(s, error, status);
        }
    } else {
        memcpy(bytes, s->file->map.bytes + s->header.data_offset + s->done, size);
    }
    npy_swap_if_big_endian(s->header.dtype, bytes, size);
    s->done += size;
    return GOLDEN_OK;
}

void stream_close(struct stream *s) {
    if (s->zip_file != NULL) {
        (void)zip_fclose(s->zip_file);
    }
    free(s->start);
    s->zip_file = NULL;
    s->start = NULL;
}
