/* Loaded into every process of a lab node (/etc/ld.so.preload): the time of day is off by the seconds that stand in
   /run/clock-offset, at once when they change. Other clocks are left alone, as they are when a machine's time is set;
   libfaketime moves those as well, or breaks the waits of Python. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const char *offset = "0";

/* Mapped, for sshd's sandbox lets nothing be opened later. */
__attribute__((constructor)) static void find_offset(void) {
  int fd = open("/run/clock-offset", O_RDONLY | O_CLOEXEC);
  void *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
  if (page != MAP_FAILED) offset = page;
  if (fd >= 0) close(fd);
}

int clock_gettime(clockid_t id, struct timespec *now) {
  int result = (int)syscall(SYS_clock_gettime, id, now);
  if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) now->tv_sec += atol(offset);
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  struct timespec precise;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != NULL) *result = now.tv_sec;
  return now.tv_sec;
}
