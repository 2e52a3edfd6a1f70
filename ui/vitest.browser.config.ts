import { defineConfig } from 'vitest/config';

// Tests in a real Chromium against the real binary: `npm run browser`. One file after the other, as they share two cores with the
// server; the whole run is bounded, and ends by itself.
export default defineConfig({
  test: {
    include: ['browser/**/*.test.ts'],
    globalSetup: ['browser/server.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 15_000,
  },
});
