/** Colors with a contrast of at least 4.5:1 to their background, in light and dark. */
import { type CSSVariablesResolver, createTheme } from '@mantine/core';

export const theme = createTheme({
  primaryColor: 'blue',
  primaryShade: { light: 8, dark: 8 },
  cursorType: 'pointer',
  defaultRadius: 'sm',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, monospace',
  headings: { sizes: { h1: { fontSize: '1.5rem' }, h2: { fontSize: '1.1rem' }, h3: { fontSize: '1rem' } } },
});

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#495057',
    '--mantine-color-placeholder': '#666d74',
    '--mantine-color-error': '#b02525',
    '--mantine-color-anchor': '#1558a0',
    '--mantine-color-blue-light-color': '#124a87',
    '--mantine-color-red-light-color': '#8f1d1d',
    '--mantine-color-orange-light-color': '#7d3203',
    '--mantine-color-green-light-color': '#1b5e28',
    '--mantine-color-gray-light-color': '#343a40',
  },
  dark: {
    '--mantine-color-dimmed': '#b8bcc2',
    '--mantine-color-placeholder': '#9aa0a8',
    '--mantine-color-error': '#ff9d9d',
    '--mantine-color-anchor': '#8cc4ff',
    '--mantine-color-blue-light-color': '#a5d2ff',
    '--mantine-color-red-light-color': '#ffb3b3',
    '--mantine-color-orange-light-color': '#ffc999',
    '--mantine-color-green-light-color': '#a3e6ae',
    '--mantine-color-gray-light-color': '#dee2e6',
  },
});
