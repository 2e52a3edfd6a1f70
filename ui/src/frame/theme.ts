import { createTheme } from '@mantine/core';

/** Dense and calm: small type, small gaps, one accent. */
export const THEME = createTheme({
  // Mantine's greys have no blue in them; these go with tokens.css.
  colors: {
    dark: [
      '#e3e8ee',
      '#c3cbd4',
      '#9aa5b1',
      '#6b7684',
      '#343e4a',
      '#29313b',
      '#1e252e',
      '#171c23',
      '#12171d',
      '#0f1318',
    ],
  },
  components: {
    Modal: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
  },
  primaryColor: 'blue',
  // White on it must be readable: 4.5:1.
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: 'sm',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '11px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  spacing: { xs: '6px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  cursorType: 'pointer',
  respectReducedMotion: true,
});
