import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  // Relative: the service decides where the app is served.
  base: './',
  plugins: [react()],
  build: { target: 'es2022', manifest: true, reportCompressedSize: false, modulePreload: { polyfill: false } },
  // `npx vite` in this folder, with the service running beside it.
  server: { proxy: { '/admin/api': 'http://127.0.0.1:3000' } },
});
