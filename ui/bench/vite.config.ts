import { resolve } from 'node:path';

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = import.meta.dirname;

// Pages that are looked at and measured, and never served to users.
export default defineConfig({
  plugins: [react()],
  root: here,
  css: { postcss: resolve(here, '..') },
  build: {
    target: 'es2022',
    outDir: resolve(here, '../dist-bench'),
    emptyOutDir: true,
    rolldownOptions: { input: [resolve(here, 'gallery.html'), resolve(here, 'redraw.html')] },
  },
});
