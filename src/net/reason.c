// SPDX-License-Identifier: Apache-2.0
//
// Texts of errno values.
#include "net/reason.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *reason_text(int error, char *out, unsigned size)
{
    const char *text = strerrordesc_np(error);
    snprintf(out, size, "%s", text ? text : "unknown error");
    // "I/O error" and "RPC ..." stay as they are.
    if (isupper((unsigned char)out[0]) && islower((unsigned char)out[1]))
        out[0] = (char)tolower((unsigned char)out[0]);
    return out;
}
