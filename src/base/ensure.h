// SPDX-License-Identifier: Apache-2.0
//
// The one assertion of the project. It stays on in every build: a broken invariant ends the
// process before a wrong decision can leave it.
#ifndef MUSTER_BASE_ENSURE_H
#define MUSTER_BASE_ENSURE_H

// Prints `file:line: condition` to stderr and aborts. The only way out of the pure rooms.
_Noreturn void ensure_failed(const char *file, int line, const char *condition);

#define ensure(condition) ((condition) ? (void)0 : ensure_failed(__FILE__, __LINE__, #condition))

#endif
