// SPDX-License-Identifier: Apache-2.0
//
// The demo's one loop: fifty times a second it takes what has arrived, produces what is due
// and lets the play go on.

#include "daemon/demo.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "daemon/demo_inner.h"
#include "kafka/watch.h"

#define TURN_MS 20
#define PORT 8600

void demo_fail(struct demo *demo, const char *format, ...)
{
    va_list arguments;
    char words[500];
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    demo_tell(demo, "failed: %s", words);
    demo->code = 1;
    loop_stop(demo->loop);
}

static void turn(void *ctx)
{
    struct demo *demo = ctx;
    struct instant now = loop_now();
    demo_children_poll(demo);
    demo_cell_turn(demo);
    demo_agents_turn(demo, now);
    demo_files_read(demo);
    demo_script_turn(demo, loop_now());
    demo_live_line(demo, loop_now());
    loop_timer_set(demo->timer, instant_add(now, span_of_ms(TURN_MS)));
}

static void signalled(void *ctx, int signal)
{
    struct demo *demo = ctx;
    if (demo->is_stopping && signal != SIGHUP) {
        demo->code = 1;
        loop_stop(demo->loop);
    }
    demo->is_stopping = true;
}

// ---- Making it.

// Whether nobody listens on the port; `*port` 0 becomes one that is free.
static bool port_is_free(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)*port)};
    socklen_t size = sizeof(address);
    const int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    bool is_free = bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 1) == 0 &&
                   getsockname(fd, (struct sockaddr *)&address, &size) == 0;
    *port = ntohs(address.sin_port);
    close(fd);
    return is_free;
}

static void port_choose(struct demo *demo)
{
    demo->port = PORT;
    if (port_is_free(&demo->port))
        return;
    demo->port = 0;
    if (!port_is_free(&demo->port))
        demo->port = PORT; // the coordinator will say what is wrong
}

static void topics_make(struct demo *demo)
{
    demo->sources = demo_sources_create();
    demo->count = demo_sources_count(demo->sources);
    demo->topics = memory_get(demo->count * sizeof(*demo->topics));
    for (uint32_t i = 0; i < demo->count; i++)
        demo->topics[i] = (struct demo_topic){.name = demo_source_name(demo->sources, i),
                                              .owner = DEMO_NOBODY,
                                              .owner_last = DEMO_NOBODY};
    // The last one is announced by hand, the one before is withdrawn.
    demo->late = demo->count - 1;
    demo->early = demo->count - 2;
    demo->tally = demo_tally_create(demo->count);
}

static enum status demo_open(struct demo *demo, struct buffer *fault)
{
    const char *parent = getenv("TMPDIR");
    snprintf(demo->folder, sizeof(demo->folder), "%s/muster-demo-XXXXXX",
             parent && parent[0] == '/' && strlen(parent) < 40 ? parent : "/tmp");
    if (!mkdtemp(demo->folder)) {
        buffer_print(fault, "cannot make a folder like '%s'", demo->folder);
        demo->folder[0] = '\0';
        return STATUS_FAILED;
    }
    demo_children_init(demo);
    port_choose(demo);
    topics_make(demo);
    enum status status = kafka_mock_create(1, fault, &demo->mock);
    if (status != STATUS_OK)
        return status;
    kafka_settings_add(&demo->settings, TEXT_LITERAL("bootstrap.servers"),
                       kafka_mock_servers(demo->mock));
    // The client's own lines about a broker in the same process help nobody.
    demo->settings.watch = kafka_watch_create(kafka_mock_servers(demo->mock));
    status = demo_agents_open(demo, fault);
    if (status == STATUS_OK)
        status = demo_cell_open(demo, fault);
    return status;
}

static void demo_close(struct demo *demo)
{
    demo_children_finish(demo);
    (void)kafka_consumer_destroy(demo->cell, span_of_ms(1000));
    if (demo->producer)
        (void)kafka_producer_destroy(demo->producer, span_of_ms(1000));
    kafka_mock_destroy(demo->mock);
    if (demo->settings.watch)
        kafka_watch_destroy(demo->settings.watch);
    kafka_settings_finish(&demo->settings);
    arena_finish(&demo->arena);
    demo_tally_destroy(demo->tally);
    demo_sources_destroy(demo->sources);
    memory_release(demo->topics);
}

static void demo_play(struct demo *demo)
{
    struct loop_watch *watches[LOOP_STOPS];
    loop_watch_stops(demo->loop, signalled, demo, watches);
    demo->timer = loop_timer_create(demo->loop, turn, demo);
    loop_timer_set(demo->timer, loop_now());
    loop_run(demo->loop);
    loop_timer_destroy(demo->timer);
    loop_unwatch_stops(watches);
    demo_files_recount(demo);
    demo->result.sums = demo_tally_sums(demo->tally);
    if (demo->result.sums.lost > 0 || demo->result.assigned != demo->result.announced)
        demo->code = 1;
}

int demo_run(const struct demo_setup *setup)
{
    struct demo *demo = memory_get(sizeof(*demo));
    struct buffer fault = {0};
    int fd = fileno(setup->err);
    demo->setup = setup;
    demo->is_terminal = fd >= 0 && isatty(fd);
    demo->result.read_again_us = -1;
    demo->loop = loop_create();
    demo->started = loop_now();
    demo->next_sample = INSTANT_NEVER;
    if (demo_open(demo, &fault) == STATUS_OK) {
        demo_play(demo);
        demo_result_print(demo);
    } else {
        fprintf(setup->err, "muster: %s\n", buffer_string(&fault));
        demo->code = 1;
    }
    int code = demo->code;
    demo_close(demo);
    loop_destroy(demo->loop);
    memory_release(demo);
    buffer_finish(&fault);
    return code;
}
