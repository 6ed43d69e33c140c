/*
 * Makes the disk of one process fail on command. This library is loaded with LD_PRELOAD. It
 * intercepts the process's calls of the C library's write and sync functions for files below one
 * directory.
 *
 * TOYDISK_DIRECTORY  the directory whose files are affected
 * TOYDISK_CONTROL    a file of 64-bit numbers. This library and DiskFaultLibrary.java map it
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

/* The same order as in DiskFaultLibrary.Field. */
struct control {
  _Atomic int64_t armed;         /* 0: all other fields are ignored */
  _Atomic int64_t write_errno;   /* every write fails with this error; 0: none */
  _Atomic int64_t sync_errno;    /* every sync fails with this error; 0: none */
  _Atomic int64_t skip_sync;     /* not 0: syncs report success without syncing */
  _Atomic int64_t write_delay_us; /* added to every write, in microseconds */
  _Atomic int64_t sync_delay_us; /* added to every sync, in microseconds */
  _Atomic int64_t writes_left;   /* the process is killed in the write that sets this to 0 */
  _Atomic int64_t writes;        /* number of writes while armed */
  _Atomic int64_t syncs;         /* number of syncs while armed */
};

static struct control *control;
static char directory[PATH_MAX];
static size_t directory_length;

__attribute__((constructor)) static void open_control(void) {
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

/* Whether the descriptor is a file below the directory. */
static int is_affected(int fd) {
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

/* Whether a fault applies to this descriptor now. */
static int armed(int fd) {
  return control != NULL && atomic_load(&control->armed) && is_affected(fd);
}

static void pause_us(int64_t us) {
  if (us > 0) {
    struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
  }
}

/*
 * Returns 0 or the error with which the write must fail. Sets *torn if the process must be killed
 * after the first half of this write.
 */
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
      if (half < 0) { /* killed without having written anything */ }     \
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
