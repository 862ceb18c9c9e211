// SPDX-License-Identifier: MIT
/* The header of a .npy file: a magic string, a version, a length, and a Python dict literal with
 * the keys descr, fortran_order and shape, padded with spaces and ended by a line feed
 * (numpy.lib.format). Nothing is evaluated and nothing is guessed. */
#include "error.h"

#include <string.h>

static const unsigned char magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

enum key { KEY_DESCR, KEY_FORTRAN, KEY_SHAPE, N_KEYS };
static const char *const key_names[N_KEYS] = {"descr", "fortran_order", "shape"};

struct parser {
    const unsigned char *bytes;
    size_t at;  /* next byte */
    size_t end; /* of the header */
    struct golden_error *error;
    struct golden_npy_header *header;
    size_t value_at[N_KEYS]; /* where each key's value starts; 0: not seen */
};

static enum golden_status fail(const struct parser *p, enum golden_status code, size_t at,
                               const char *field) {
    return error_set(p->error, code, (int64_t)at, field);
}

/* ---- the literal ---- */

/* The next byte, or -1 at the end. */
static int peek(const struct parser *p) {
    return p->at < p->end ? p->bytes[p->at] : -1;
}

static bool take(struct parser *p, int byte) {
    if (peek(p) != byte) {
        return false;
    }
    p->at++;
    return true;
}

static bool take_word(struct parser *p, const char *word) {
    size_t length = strlen(word);
    if (p->end - p->at < length || memcmp(p->bytes + p->at, word, length) != 0) {
        return false;
    }
    p->at += length;
    return true;
}

static void skip_spaces(struct parser *p) {
    while (peek(p) == ' ') {
        p->at++;
    }
}

/* A string in either kind of quote, without escapes. */
static bool take_string(struct parser *p, const char **text, size_t *length) {
    int quote = peek(p);
    if (quote != '\'' && quote != '"') {
        return false;
    }
    size_t start = ++p->at;
    while (peek(p) != quote) {
        if (peek(p) < ' ' || peek(p) == '\\') {
            return false;
        }
        p->at++;
    }
    *text = (const char *)p->bytes + start;
    *length = p->at++ - start;
    return true;
}

/* ---- descr ---- */

static const struct {
    const char *descr;
    enum array_dtype dtype;
} descrs[] = {{"<f8", ARRAY_F64},
              {"<f4", ARRAY_F32},
              {"<i8", ARRAY_I64},
              {"<i4", ARRAY_I32},
              {"|u1", ARRAY_U8}};

static enum golden_status unsupported_descr(const struct parser *p, size_t at, const char *text,
                                            size_t length) {
    enum golden_status code = GOLDEN_NPY_DESCR;
    if (length >= 1 && text[0] == '>') {
        code = GOLDEN_NPY_DESCR_BIG_ENDIAN;
    } else if (length >= 1 && (text[0] == 'O' || (length >= 2 && text[1] == 'O'))) {
        code = GOLDEN_NPY_DESCR_OBJECT;
    }
    return fail(p, code, at, "descr");
}

static enum golden_status parse_descr(struct parser *p) {
    size_t at = p->at;
    const char *text;
    size_t length;
    if (peek(p) == '[' || peek(p) == '(') {
        return fail(p, GOLDEN_NPY_DESCR_STRUCTURED, at, "descr");
    }
    if (!take_string(p, &text, &length)) {
        return fail(p, GOLDEN_NPY_DESCR, at, "descr");
    }
    for (size_t i = 0; i < sizeof descrs / sizeof descrs[0]; i++) {
        if (strlen(descrs[i].descr) == length && memcmp(descrs[i].descr, text, length) == 0) {
            p->header->dtype = descrs[i].dtype;
            return GOLDEN_OK;
        }
    }
    return unsupported_descr(p, at, text, length);
}

/* ---- fortran_order ---- */

static enum golden_status parse_fortran(struct parser *p) {
    size_t at = p->at;
    if (take_word(p, "False")) {
        return GOLDEN_OK;
    }
    bool fortran = take_word(p, "True");
    return fail(p, fortran ? GOLDEN_NPY_FORTRAN : GOLDEN_NPY_FORTRAN_SYNTAX, at, "fortran_order");
}

/* ---- shape ---- */

static bool is_digit(int byte) {
    return byte >= '0' && byte <= '9';
}

static enum golden_status parse_length(struct parser *p, size_t *length) {
    size_t at = p->at;
    if (peek(p) == '-') {
        return fail(p, GOLDEN_NPY_SHAPE_NEGATIVE, at, "shape");
    }
    size_t value = 0;
    while (is_digit(peek(p))) {
        size_t digit = (size_t)(peek(p) - '0');
        if (value > (SIZE_MAX - digit) / 10) {
            return fail(p, GOLDEN_NPY_SHAPE_OVERFLOW, at, "shape");
        }
        value = value * 10 + digit;
        p->at++;
    }
    bool leading_zero = p->at > at + 1 && p->bytes[at] == '0';
    if (p->at == at || leading_zero) {
        return fail(p, GOLDEN_NPY_SHAPE_SYNTAX, at, "shape");
    }
    *length = value;
    return GOLDEN_OK;
}

/* "()", "(3,)", "(2, 3)": in Python "(3)" is a number. */
static enum golden_status parse_shape(struct parser *p) {
    struct golden_npy_header *header = p->header;
    bool comma = true;
    if (!take(p, '(')) {
        return fail(p, GOLDEN_NPY_SHAPE_SYNTAX, p->at, "shape");
    }
    skip_spaces(p);
    while (!take(p, ')')) {
        if (!comma) {
            return fail(p, GOLDEN_NPY_SHAPE_SYNTAX, p->at, "shape");
        }
        if (header->ndim == ARRAY_MAX_DIMS) {
            return fail(p, GOLDEN_NPY_SHAPE_DIMS, p->at, "shape");
        }
        enum golden_status status = parse_length(p, &header->shape[header->ndim]);
        if (status != GOLDEN_OK) {
            return status;
        }
        header->ndim++;
        skip_spaces(p);
        comma = take(p, ',');
        skip_spaces(p);
    }
    if (header->ndim == 1 && !comma) {
        return fail(p, GOLDEN_NPY_SHAPE_SYNTAX, p->at - 1, "shape");
    }
    return GOLDEN_OK;
}

/* ---- the dict ---- */

static enum golden_status parse_key(struct parser *p, enum key *key) {
    size_t at = p->at;
    const char *text;
    size_t length;
    if (!take_string(p, &text, &length)) {
        return fail(p, GOLDEN_NPY_HEADER_SYNTAX, at, "header");
    }
    for (int i = 0; i < N_KEYS; i++) {
        if (strlen(key_names[i]) == length && memcmp(key_names[i], text, length) == 0) {
            *key = (enum key)i;
            return p->value_at[i] == 0 ? GOLDEN_OK
                                       : fail(p, GOLDEN_NPY_KEY_TWICE, at, key_names[i]);
        }
    }
    return fail(p, GOLDEN_NPY_KEY_UNKNOWN, at, "header");
}

static enum golden_status parse_pair(struct parser *p) {
    enum key key = KEY_DESCR;
    enum golden_status status = parse_key(p, &key);
    if (status != GOLDEN_OK) {
        return status;
    }
    skip_spaces(p);
    if (!take(p, ':')) {
        return fail(p, GOLDEN_NPY_HEADER_SYNTAX, p->at, key_names[key]);
    }
    skip_spaces(p);
    p->value_at[key] = p->at;
    switch (key) {
    case KEY_DESCR:
        return parse_descr(p);
    case KEY_FORTRAN:
        return parse_fortran(p);
    default:
        return parse_shape(p);
    }
}

static enum golden_status parse_dict(struct parser *p) {
    if (!take(p, '{')) {
        return fail(p, GOLDEN_NPY_HEADER_SYNTAX, p->at, "header");
    }
    bool comma = true;
    skip_spaces(p);
    while (!take(p, '}')) {
        if (!comma) {
            return fail(p, GOLDEN_NPY_HEADER_SYNTAX, p->at, "header");
        }
        enum golden_status status = parse_pair(p);
        if (status != GOLDEN_OK) {
            return status;
        }
        skip_spaces(p);
        comma = take(p, ',');
        skip_spaces(p);
    }
    for (int i = 0; i < N_KEYS; i++) {
        if (p->value_at[i] == 0) {
            return fail(p, GOLDEN_NPY_KEY_MISSING, p->at - 1, key_names[i]);
        }
    }
    skip_spaces(p);
    if (!take(p, '\n') || p->at != p->end) {
        return fail(p, GOLDEN_NPY_HEADER_END, p->at < p->end ? p->at : p->end, "header");
    }
    return GOLDEN_OK;
}

/* ---- what stands around it ---- */

static size_t little_endian(const unsigned char bytes[], size_t n) {
    size_t value = 0;
    for (size_t i = n; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* Sets header->major and the range of the dict. */
static enum golden_status parse_preamble(struct parser *p, size_t n_bytes, size_t file_size) {
    for (size_t i = 0; i < sizeof magic && i < n_bytes; i++) {
        if (p->bytes[i] != magic[i]) {
            return fail(p, GOLDEN_NPY_MAGIC, i, "magic");
        }
    }
    if (n_bytes < 8) {
        return fail(p, GOLDEN_NPY_PREAMBLE, n_bytes, n_bytes < 6 ? "magic" : "version");
    }
    unsigned major = p->bytes[6];
    if (major < 1 || major > 3 || p->bytes[7] != 0) {
        return fail(p, GOLDEN_NPY_VERSION, 6, "version");
    }
    size_t start = major == 1 ? 10 : 12;
    if (n_bytes < start) {
        return fail(p, GOLDEN_NPY_PREAMBLE, n_bytes, "header length");
    }
    size_t length = little_endian(p->bytes + 8, start - 8);
    if (length > file_size - start) {
        return fail(p, GOLDEN_NPY_HEADER_BEYOND_FILE, 8, "header length");
    }
    if (length > GOLDEN_MAX_HEADER || length > n_bytes - start) {
        return fail(p, GOLDEN_NPY_HEADER_TOO_LONG, 8, "header length");
    }
    p->header->major = major;
    p->at = start;
    p->end = start + length;
    return GOLDEN_OK;
}

static enum golden_status check_data(const struct parser *p, size_t file_size) {
    struct golden_npy_header *header = p->header;
    if (array_count(header->dtype, header->ndim, header->shape, &header->count) != ARRAY_OK) {
        return fail(p, GOLDEN_NPY_SHAPE_OVERFLOW, p->value_at[KEY_SHAPE], "shape");
    }
    header->data_offset = p->end;
    header->data_size = header->count * array_dtype_size(header->dtype);
    size_t present = file_size - p->end;
    if (present < header->data_size) {
        return fail(p, GOLDEN_NPY_DATA_TRUNCATED, file_size, "data");
    }
    if (present > header->data_size) {
        return fail(p, GOLDEN_NPY_TRAILING_BYTES, p->end + header->data_size, "data");
    }
    return GOLDEN_OK;
}

enum golden_status golden_npy_parse(const unsigned char bytes[], size_t n_bytes, size_t file_size,
                                    struct golden_npy_header *header, struct golden_error *error) {
    error_clear(error);
    if (bytes == NULL || header == NULL) {
        return error_set(error, GOLDEN_NULL, -1, "");
    }
    *header = (struct golden_npy_header){0};
    struct parser p = {.bytes = bytes, .error = error, .header = header};
    enum golden_status status =
        parse_preamble(&p, n_bytes < file_size ? n_bytes : file_size, file_size);
    if (status == GOLDEN_OK) {
        status = parse_dict(&p);
    }
    if (status == GOLDEN_OK) {
        status = check_data(&p, file_size);
    }
    if (status != GOLDEN_OK) {
        *header = (struct golden_npy_header){0};
    }
    return status;
}
