// SPDX-License-Identifier: Apache-2.0
//
// The sources, from weak to strong. Every one is read to its end even if something in it is wrong.
//
// The form of a file: lines of `key = value`; blank lines and lines that begin with '#' are left
// out. A '#' behind a value belongs to the value, as passwords and paths may hold one.

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/nearest.h"
#include "conf/conf.h"
#include "conf/store.h"
#include "conf/value.h"

#define CONF_NAME_SIZE_MAX 200

static const char system_path_usual[] = "/etc/muster/muster.conf";
static const char environment_prefix[] = "MUSTER_";

static enum status worse(enum status a, enum status b)
{
    return a != STATUS_OK ? a : b;
}

static enum status fd_read(int fd, size_t size_max, struct buffer *ret_bytes,
                           struct buffer *problem)
{
    char chunk[4096];
    for (;;) {
        ssize_t count = read(fd, chunk, sizeof(chunk));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            buffer_add_string(problem, strerror(errno));
            return STATUS_FAILED;
        }
        if (count == 0)
            return STATUS_OK;
        if (ret_bytes->size + (size_t)count > size_max) {
            buffer_print(problem, "larger than %zu bytes", size_max);
            return STATUS_TOO_LARGE;
        }
        buffer_add(ret_bytes, chunk, (size_t)count);
    }
}

enum status file_read(const char *path, size_t size_max, struct buffer *ret_bytes,
                      struct buffer *problem)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        enum status status = errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_FAILED;
        buffer_add_string(problem, strerror(errno));
        return status;
    }
    enum status status = fd_read(fd, size_max, ret_bytes, problem);
    close(fd);
    return status;
}

static enum status credential_read(const struct conf *conf, struct text name,
                                   struct buffer *ret_secret, struct buffer *problem)
{
    if (!conf->credentials_path) {
        buffer_add_string(problem, "$CREDENTIALS_DIRECTORY is not set: give the systemd unit a "
                                   "LoadCredential= of that name");
        return STATUS_FAILED;
    }
    if (name.size == 0 || memchr(name.data, '/', name.size)) {
        buffer_print(problem, "'%.*s' is not the name of a credential", TEXT_ARGS(name));
        return STATUS_FAILED;
    }
    struct buffer path = {0};
    buffer_print(&path, "%s/%.*s", conf->credentials_path, TEXT_ARGS(name));
    enum status status = file_read(buffer_string(&path), CONF_SECRET_SIZE_MAX, ret_secret, problem);
    buffer_finish(&path);
    return status;
}

static enum status secret_fd_read(struct text value, struct buffer *ret_secret,
                                  struct buffer *problem)
{
    int64_t fd = -1;
    if (text_parse_int64(value, &fd) != STATUS_OK || fd < 0 || fd > 1000000) {
        buffer_print(problem, "'%.*s' is not the number of a file descriptor", TEXT_ARGS(value));
        return STATUS_FAILED;
    }
    return fd_read((int)fd, CONF_SECRET_SIZE_MAX, ret_secret, problem);
}

enum status secret_read(const struct conf *conf, struct text how, struct text value,
                        struct buffer *ret_secret, struct buffer *problem)
{
    enum status status;
    if (text_equals(how, "fd")) {
        status = secret_fd_read(value, ret_secret, problem);
    } else if (text_equals(how, "credential")) {
        status = credential_read(conf, value, ret_secret, problem);
    } else {
        char *path = text_copy(value);
        status = file_read(path, CONF_SECRET_SIZE_MAX, ret_secret, problem);
        memory_release(path);
        if (status != STATUS_OK)
            buffer_print(problem, " ('%.*s')", TEXT_ARGS(value));
    }
    if (status != STATUS_OK)
        return STATUS_FAILED;
    if (ret_secret->size && ret_secret->data[ret_secret->size - 1] == '\n')
        ret_secret->data[--ret_secret->size] = '\0';
    if (ret_secret->size == 0 || memchr(ret_secret->data, '\0', ret_secret->size)) {
        buffer_add_string(problem, ret_secret->size ? "has a zero byte inside" : "is empty");
        return STATUS_FAILED;
    }
    return STATUS_OK;
}

// What no line may hold: control characters (a tab may stand around words) and bytes that are no
// UTF-8.
static bool line_is_clean(struct text line)
{
    for (size_t i = 0; i < line.size; i++) {
        unsigned char byte = (unsigned char)line.data[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return false;
    }
    return text_is_utf8(line);
}

static enum status line_load(struct conf *conf, const struct conf_where *where, struct text line)
{
    line = text_trim(line);
    if (line.size == 0 || line.data[0] == '#')
        return STATUS_OK;
    if (!line_is_clean(line))
        return conf_refuse(conf, where, "the line holds control characters or is not UTF-8");
    const char *equal = memchr(line.data, '=', line.size);
    if (!equal)
        return conf_refuse(conf, where, "'%.*s' is not KEY = VALUE",
                           line.size < 60 ? (int)line.size : 60, line.data);
    size_t name_size = (size_t)(equal - line.data);
    struct text name = text_trim((struct text){line.data, name_size});
    struct text value =
        text_trim((struct text){line.data + name_size + 1, line.size - name_size - 1});
    if (name.size == 0 || name.size > CONF_NAME_SIZE_MAX)
        return conf_refuse(conf, where, "the key before '=' is %s",
                           name.size ? "too long" : "empty");
    return conf_assign(conf, where, name, value);
}

enum status conf_load_text(struct conf *conf, enum conf_source source, const char *path,
                           struct text text)
{
    struct conf_where where = {.source = source, .place = path};
    struct text mark = TEXT_LITERAL("\xef\xbb\xbf");
    enum status status = STATUS_OK;
    if (text_has_prefix(text, mark))
        text = (struct text){text.data + mark.size, text.size - mark.size};
    while (text.size) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        where.line++;
        status = worse(status, line_load(conf, &where, (struct text){text.data, size}));
        size += end ? 1 : 0;
        text = (struct text){text.data + size, text.size - size};
    }
    return status;
}

enum status conf_load_file(struct conf *conf, enum conf_source source, const char *path)
{
    struct conf_where where = {.source = source, .place = path};
    struct buffer bytes = {0};
    struct buffer problem = {0};
    enum status status = file_read(path, CONF_FILE_SIZE_MAX, &bytes, &problem);
    if (status == STATUS_OK)
        status = conf_load_text(conf, source, path, buffer_text(&bytes));
    else if (status == STATUS_NOT_FOUND && source != CONF_CONFIG_FILE)
        status = STATUS_OK;
    else
        status = conf_refuse(conf, &where, "cannot read the file: %s", buffer_string(&problem));
    buffer_finish(&bytes);
    buffer_finish(&problem);
    return status;
}

// The value of a variable, or NULL.
static const char *environment_get(const char *const *environment, const char *name)
{
    size_t size = strlen(name);
    for (; environment && *environment; environment++)
        if (strncmp(*environment, name, size) == 0 && (*environment)[size] == '=')
            return *environment + size + 1;
    return NULL;
}

// Whether a variable is ours: a setting, something of kafka.*, or a slip of the hand that should be
// refused. The others are left alone, as orchestrators add their own (MUSTER_SERVICE_HOST,
// MUSTER_PORT_8600_TCP).
static bool variable_is_ours(struct text name)
{
    if (setting_find(name) || text_has_prefix(name, TEXT_LITERAL("kafka.")))
        return true;
    const struct setting *row = setting_nearest(name);
    return row && edit_distance(name, text_of(row->name)) <= 2;
}

static enum status variable_load(struct conf *conf, const char *variable)
{
    const char *equal = strchr(variable, '=');
    size_t skipped = sizeof(environment_prefix) - 1;
    size_t size = equal ? (size_t)(equal - variable) : 0;
    if (size <= skipped || size > CONF_NAME_SIZE_MAX ||
        strncmp(variable, environment_prefix, skipped) != 0)
        return STATUS_OK;
    char place[CONF_NAME_SIZE_MAX + 1] = {0};
    char name[CONF_NAME_SIZE_MAX + 1] = {0};
    memcpy(place, variable, size);
    for (size_t i = skipped; i < size; i++) {
        char c = variable[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        name[i - skipped] = c == '_' ? '.' : c;
    }
    struct conf_where where = {.source = CONF_ENVIRONMENT, .place = place};
    if (!variable_is_ours(text_of(name)))
        return STATUS_OK;
    if (!line_is_clean(text_of(equal + 1)))
        return conf_refuse(conf, &where, "holds control characters or is not UTF-8");
    return conf_assign(conf, &where, text_of(name), text_trim(text_of(equal + 1)));
}

enum status conf_load_environment(struct conf *conf, const char *const *environment)
{
    enum status status = STATUS_OK;
    for (; environment && *environment; environment++)
        status = worse(status, variable_load(conf, *environment));
    return status;
}

enum status conf_load_flags(struct conf *conf, const struct conf_flag *flags, size_t count)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        struct conf_where where = {.source = CONF_FLAG, .place = flags[i].flag};
        if (!line_is_clean(text_of(flags[i].value)))
            status = conf_refuse(conf, &where, "holds control characters or is not UTF-8");
        else
            status = worse(status, conf_assign(conf, &where, text_of(flags[i].name),
                                               text_trim(text_of(flags[i].value))));
    }
    return status;
}

// $XDG_CONFIG_HOME/muster/muster.conf; without that variable (or with a relative path in it, as its
// specification says) $HOME/.config/...
static enum status user_file_load(struct conf *conf, const char *const *environment)
{
    const char *folder = environment_get(environment, "XDG_CONFIG_HOME");
    const char *home = environment_get(environment, "HOME");
    struct buffer path = {0};
    enum status status = STATUS_OK;
    if (folder && folder[0] == '/')
        buffer_print(&path, "%s/muster/muster.conf", folder);
    else if (home && home[0] == '/')
        buffer_print(&path, "%s/.config/muster/muster.conf", home);
    if (path.size)
        status = conf_load_file(conf, CONF_USER_FILE, buffer_string(&path));
    buffer_finish(&path);
    return status;
}

enum status conf_load(struct conf *conf, const struct conf_sources *sources)
{
    const char *system_path = sources->system_path ? sources->system_path : system_path_usual;
    const char *credentials = environment_get(sources->environment, "CREDENTIALS_DIRECTORY");
    enum status status = STATUS_OK;
    if (credentials && !conf->credentials_path)
        conf->credentials_path = text_copy(text_of(credentials));
    if (system_path[0])
        status = conf_load_file(conf, CONF_SYSTEM_FILE, system_path);
    status = worse(status, user_file_load(conf, sources->environment));
    if (sources->config_path)
        status = worse(status, conf_load_file(conf, CONF_CONFIG_FILE, sources->config_path));
    status = worse(status, conf_load_environment(conf, sources->environment));
    status = worse(status, conf_load_flags(conf, sources->flags, sources->flag_count));
    return worse(status, conf_check(conf));
}
