import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// Where `npm run dev` finds a server; the built console is served by one.
const server = process.env.TICKSCOPE_URL ?? 'http://127.0.0.1:9280';

export default defineConfig({
  plugins: [react()],
  server: { proxy: { '/api': server, '/-': server } },
  build: { target: 'es2022', cssCodeSplit: true, sourcemap: false, modulePreload: { polyfill: false } },
  test: { include: ['src/**/*.test.{ts,tsx}'] },
});
