/* How points are cut into chunks for lathe_parallel: by their number alone, so that sums taken a
 * chunk at a time and combined in order have the same bits for any number of threads. */
#ifndef LATHE_CHUNKS_H
#define LATHE_CHUNKS_H

#include <stdint.h>

enum { LATHE_CHUNK_LEAST = 1024, LATHE_CHUNKS_MOST = 256 };

struct lathe_chunks {
  int64_t n;    /* points */
  int64_t size; /* points in each chunk but the last, which may have fewer */
  int count;
};

static inline struct lathe_chunks lathe_chunks_of(int64_t n)
{
  struct lathe_chunks chunks = {.n = n, .size = LATHE_CHUNK_LEAST};
  if (n > (int64_t)LATHE_CHUNK_LEAST * LATHE_CHUNKS_MOST)
    chunks.size = (n + LATHE_CHUNKS_MOST - 1) / LATHE_CHUNKS_MOST;
  chunks.count = (int)((n + chunks.size - 1) / chunks.size);
  return chunks;
}

static inline int64_t lathe_chunk_begin(const struct lathe_chunks *chunks, int chunk)
{
  return chunk * chunks->size;
}

static inline int64_t lathe_chunk_end(const struct lathe_chunks *chunks, int chunk)
{
  int64_t end = (chunk + 1) * chunks->size;
  return end < chunks->n ? end : chunks->n;
}

#endif
