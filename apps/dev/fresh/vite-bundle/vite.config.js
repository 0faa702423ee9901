import { defineConfig } from 'vite';

export default defineConfig({ build: { lib: { entry: 'src/page.ts', formats: ['es'], fileName: 'page' } } });
