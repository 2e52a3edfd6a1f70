import { defineConfig } from 'vitest/config';

// Tests that drive a real browser: one file after the other, each with a server of its own.
export default defineConfig({
  test: { include: ['browser/**/*.test.ts'], fileParallelism: false, testTimeout: 60_000, hookTimeout: 120_000 },
});
