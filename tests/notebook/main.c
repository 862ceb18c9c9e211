// SPDX-License-Identifier: MIT
#include "notebook.h"

int main(void) {
    return notebook_run(stdout) == 0 ? 0 : 1;
}
