// SPDX-License-Identifier: Apache-2.0
//
// Texts of the results.
#include "base/status.h"

const char *status_text(enum status status)
{
    switch (status) {
#define STATUS_ROW(name, text)                                                                     \
    case name:                                                                                     \
        return text;
        STATUS_LIST(STATUS_ROW)
#undef STATUS_ROW
    }
    return "unknown status";
}
