import { useState } from 'react';

/** The value as it was first given for as long as later ones say the same (as JSON): callers need not keep what they pass. */
export function useSame<T>(value: T): T {
  const text = JSON.stringify(value);
  const [kept, setKept] = useState({ text, value });
  if (kept.text === text) return kept.value;
  // Set while rendering, as React has it for what follows from props: this render is begun anew with it.
  setKept({ text, value });
  return value;
}
