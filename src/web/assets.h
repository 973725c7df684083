// SPDX-License-Identifier: Apache-2.0
//
// The files of the web page, carried inside the binary so that the page needs nothing from outside.
// The array behind this header is generated at build time from src/web/*.{html,css,js,svg}.

#ifndef MUSTER_WEB_ASSETS_H
#define MUSTER_WEB_ASSETS_H

#include <stddef.h>

struct web_asset {
    const char *name;          // file name without folder: "page.html"
    const char *type;          // value for Content-Type
    const unsigned char *data; // the file's bytes; a zero byte follows them
    size_t size;               // bytes, without the zero byte
};

// The asset of that file name, or NULL. The result is constant and lives as long as the program.
const struct web_asset *web_asset_find(const char *name);

#endif
