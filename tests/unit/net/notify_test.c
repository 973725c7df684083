// SPDX-License-Identifier: Apache-2.0
//
// The notify protocol, with a socket in systemd's place.
#include "net/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test.h"

// A bound datagram socket with an abstract name, and that name as systemd would give it.
static int service_manager(char *ret_address, size_t size)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    socklen_t length = sizeof(at);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    REQUIRE(bind(fd, (struct sockaddr *)&at, sizeof(sa_family_t)) == 0); // the kernel picks one
    REQUIRE(getsockname(fd, (struct sockaddr *)&at, &length) == 0);
    int name_size = (int)(length - offsetof(struct sockaddr_un, sun_path)) - 1;
    snprintf(ret_address, size, "@%.*s", name_size, at.sun_path + 1);
    return fd;
}

// Compares the next message with the expected one; NULL = there is none.
static void check_message(int fd, const char *expected)
{
    char message[1000] = "";
    ssize_t size = recv(fd, message, sizeof(message) - 1, 0);
    CHECK_TEXT(size < 0 ? NULL : message, expected);
}

static void every_state_is_one_message(void)
{
    char address[200];
    int fd = service_manager(address, sizeof(address));
    struct notify notify;
    REQUIRE(notify_init(&notify, address) == STATUS_OK);
    CHECK(notify_is_wanted(&notify));
    notify_extend(&notify, span_of_ms(30000));
    check_message(fd, "EXTEND_TIMEOUT_USEC=30000000");
    notify_status(&notify, "reads the\nstate\r");
    check_message(fd, "STATUS=reads the state ");
    notify_ready(&notify);
    check_message(fd, "READY=1");
    notify_watchdog(&notify);
    check_message(fd, "WATCHDOG=1");
    notify_stopping(&notify);
    check_message(fd, "STOPPING=1");
    check_message(fd, NULL);
    notify_finish(&notify);
    close(fd);
}

static void reloading_carries_the_monotonic_clock(void)
{
    char address[200];
    char message[200] = "";
    int fd = service_manager(address, sizeof(address));
    long long us = 0;
    struct notify notify;
    REQUIRE(notify_init(&notify, address) == STATUS_OK);
    notify_reloading(&notify);
    REQUIRE(recv(fd, message, sizeof(message) - 1, 0) > 0);
    CHECK_INT(sscanf(message, "RELOADING=1\nMONOTONIC_USEC=%lld", &us), 1);
    CHECK(us > 0);
    notify_finish(&notify);
    close(fd);
}

static void a_status_is_cut_before_it_is_too_long(void)
{
    char address[200];
    char line[2000];
    char message[2000] = "";
    int fd = service_manager(address, sizeof(address));
    struct notify notify;
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\0';
    REQUIRE(notify_init(&notify, address) == STATUS_OK);
    notify_status(&notify, line);
    CHECK_INT(recv(fd, message, sizeof(message), 0), 500);
    notify_finish(&notify);
    close(fd);
}

static void a_manager_that_does_not_read_blocks_nobody(void)
{
    char address[200];
    int fd = service_manager(address, sizeof(address));
    struct notify notify;
    REQUIRE(notify_init(&notify, address) == STATUS_OK);
    for (int i = 0; i < 10000; i++)
        notify_watchdog(&notify);
    check_message(fd, "WATCHDOG=1");
    close(fd);
    notify_watchdog(&notify);
    notify_finish(&notify);
}

static void without_a_manager_nothing_is_sent(void)
{
    static const char *const absent[] = {NULL, ""};
    static const char *const wrong[] = {
        "relative", "@", "/", "vsock:2:1234",
        ("/a/path/that/is/quite/a/bit/longer/than/the/hundred/and/eight/bytes/"
         "which/an/address/of/a/unix/socket/can/hold/at/most")};
    struct notify notify;
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        CHECK_INT(notify_init(&notify, absent[i]), STATUS_OK);
        CHECK(!notify_is_wanted(&notify));
        notify_ready(&notify);
        notify_finish(&notify);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        CHECK_INT(notify_init(&notify, wrong[i]), STATUS_INVALID);
        CHECK(!notify_is_wanted(&notify));
    }
    CHECK_INT(notify_init(&notify, "/nowhere/at/all"), STATUS_FAILED);
    notify_ready(&notify);
    notify_finish(&notify);
}

static void the_watchdog_is_fed_twice_as_often_as_asked(void)
{
    CHECK_INT(notify_watchdog_interval("30000000").us, 15000000);
    CHECK_INT(notify_watchdog_interval("-1").us, 0);
    CHECK_INT(notify_watchdog_interval("x").us, 0);
    CHECK_INT(notify_watchdog_interval("").us, 0);
    CHECK_INT(notify_watchdog_interval(NULL).us, 0);
}

static const struct test tests[] = {
    TEST(every_state_is_one_message),
    TEST(reloading_carries_the_monotonic_clock),
    TEST(a_status_is_cut_before_it_is_too_long),
    TEST(a_manager_that_does_not_read_blocks_nobody),
    TEST(without_a_manager_nothing_is_sent),
    TEST(the_watchdog_is_fed_twice_as_often_as_asked),
};
TEST_MAIN("net/notify", tests)
