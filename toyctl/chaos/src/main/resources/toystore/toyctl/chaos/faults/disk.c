/*
 * A disk that fails on command, for one process: loaded with LD_PRELOAD, it stands between the
 * process and the C library's writes and syncs of files below one directory.
 *
 * TOYDISK_DIRECTORY  whose files are meant
 * TOYDISK_CONTROL    a file of 64-bit numbers, mapped here and by whoever gives the commands
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* In the order of DiskShim.Field. */
struct control {
  _Atomic int64_t armed;         /* 0: nothing below is looked at */
  _Atomic int64_t write_errno;   /* each write fails with it */
  _Atomic int64_t sync_errno;    /* each sync fails with it */
  _Atomic int64_t skip_sync;     /* a sync says that it was done, and was not */
  _Atomic int64_t write_delay_us;
  _Atomic int64_t sync_delay_us;
  _Atomic int64_t writes_left;   /* before the process is killed in the next one; 0: never */
  _Atomic int64_t writes;        /* seen while armed */
  _Atomic int64_t syncs;
};

static struct control *control;
static char directory[PATH_MAX];
static size_t directory_length;

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("TOYDISK_CONTROL");
  const char *path = getenv("TOYDISK_DIRECTORY");
  if (file == NULL || path == NULL || realpath(path, directory) == NULL) {
    return;
  }
  directory_length = strlen(directory);
  int fd = open(file, O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    return;
  }
  void *at = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at != MAP_FAILED) {
    control = at;
  }
}

static int ours(int fd) {
  char link[64];
  char path[PATH_MAX];
  int before = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = before;
  if (length <= 0) {
    return 0;
  }
  path[length] = 0;
  return strncmp(path, directory, directory_length) == 0 && path[directory_length] == '/';
}

static int armed(int fd) {
  return control != NULL && atomic_load(&control->armed) && ours(fd);
}

static void pause_us(int64_t us) {
  if (us > 0) {
    struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
  }
}

/* 0, or the error to fail with. Half of the last write before a kill reaches the file. */
static int before_write(int *torn) {
  atomic_fetch_add(&control->writes, 1);
  pause_us(atomic_load(&control->write_delay_us));
  int64_t left = atomic_load(&control->writes_left);
  *torn = left > 0 && atomic_fetch_sub(&control->writes_left, 1) == 1;
  return (int)atomic_load(&control->write_errno);
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) {
    sleep(1);
  }
}

#define REAL(result, name, ...)                             \
  static result (*real)(__VA_ARGS__);                       \
  if (real == NULL) {                                       \
    *(void **)&real = dlsym(RTLD_NEXT, name);               \
  }

#define FAULTY_WRITE(fd, half)                              \
  if (armed(fd)) {                                          \
    int torn = 0;                                           \
    int failure = before_write(&torn);                      \
    if (torn) {                                             \
      if (half < 0) { /* nothing of it was written */ }     \
      die();                                                \
    }                                                       \
    if (failure) {                                          \
      errno = failure;                                      \
      return -1;                                            \
    }                                                       \
  }

ssize_t write(int fd, const void *bytes, size_t count) {
  REAL(ssize_t, "write", int, const void *, size_t)
  FAULTY_WRITE(fd, real(fd, bytes, count / 2))
  return real(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  REAL(ssize_t, "pwrite", int, const void *, size_t, off_t)
  FAULTY_WRITE(fd, real(fd, bytes, count / 2, at))
  return real(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t)
  FAULTY_WRITE(fd, real(fd, bytes, count / 2, at))
  return real(fd, bytes, count, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(ssize_t, "writev", int, const struct iovec *, int)
  FAULTY_WRITE(fd, real(fd, parts, count > 1 ? count / 2 : 0))
  return real(fd, parts, count);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  REAL(ssize_t, "pwritev", int, const struct iovec *, int, off_t)
  FAULTY_WRITE(fd, real(fd, parts, count > 1 ? count / 2 : 0, at))
  return real(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
  REAL(ssize_t, "pwritev64", int, const struct iovec *, int, off64_t)
  FAULTY_WRITE(fd, real(fd, parts, count > 1 ? count / 2 : 0, at))
  return real(fd, parts, count, at);
}

static int faulty_sync(int fd, int (*real)(int)) {
  if (armed(fd)) {
    atomic_fetch_add(&control->syncs, 1);
    pause_us(atomic_load(&control->sync_delay_us));
    int failure = (int)atomic_load(&control->sync_errno);
    if (failure) {
      errno = failure;
      return -1;
    }
    if (atomic_load(&control->skip_sync)) {
      return 0;
    }
  }
  return real(fd);
}

int fsync(int fd) {
  REAL(int, "fsync", int)
  return faulty_sync(fd, real);
}

int fdatasync(int fd) {
  REAL(int, "fdatasync", int)
  return faulty_sync(fd, real);
}
