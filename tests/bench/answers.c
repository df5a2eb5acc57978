/* SPDX-License-Identifier: Apache-2.0 */
/* answers.c: reads one answer from each of the sockets that it was started with, as quickly as they come.
 * Standard input: their descriptors, one a line.  Then "ready" on standard output, and when all have come, or after 70
 * s, one line of JSON: answers, wrong (neither 200 nor 410), first and last in seconds of the monotonic clock.  ./bench
 * parked */
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 70, AT_ONCE = 1024, BETWEEN_NS = 1000000 };

struct seen {
	long answers, wrong;
	double first, last;
};

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void look(int fd, struct seen *s)
{
	char head[2048];
	ssize_t n = read(fd, head, sizeof head);

	s->last = now();
	if (s->answers++ == 0)
		s->first = s->last;
	if (n < 12 || (memcmp(head, "HTTP/1.1 200", 12) != 0 && memcmp(head, "HTTP/1.1 410", 12) != 0))
		s->wrong++;
}

static long watch(int epoll)
{
	long n = 0;
	int fd;

	while (scanf("%d", &fd) == 1) {
		struct epoll_event e = { .events = EPOLLIN | EPOLLONESHOT, .data = { .fd = fd } };

		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0)
			return -1;
		n++;
	}
	return n;
}

int main(void)
{
	static struct epoll_event got[AT_ONCE];
	struct seen s = { .answers = 0 };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	long want = watch(epoll);

	if (want <= 0) {
		perror("answers: epoll_ctl");
		return 1;
	}
	(void)puts("ready");
	(void)fflush(stdout);
	for (double end = now() + MOST; s.answers < want && now() < end;) {
		int n = epoll_wait(epoll, got, AT_ONCE, 1000);

		for (int i = 0; i < n; i++)
			look(got[i].data.fd, &s);
		(void)nanosleep(&(struct timespec){ .tv_nsec = BETWEEN_NS }, NULL);
	}
	(void)printf("{\"answers\":%ld,\"wrong\":%ld,\"first\":%.6f,\"last\":%.6f}\n", s.answers, s.wrong, s.first,
		     s.last);
	return 0;
}
