import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** Colours of words; light and dark in one, as the page's colour scheme has it. */
const WORDS = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: 'light-dark(#7a3e9d, #c79df0)' },
  { tag: tags.function(tags.variableName), color: 'light-dark(#1b5fab, #7cbcf5)' },
  { tag: tags.standard(tags.name), color: 'light-dark(#1b5fab, #7cbcf5)' },
  { tag: tags.string, color: 'light-dark(#0b6b4f, #6fd1ab)' },
  { tag: tags.number, color: 'light-dark(#a34700, #f0a868)' },
  { tag: tags.labelName, color: 'light-dark(#8a5a00, #e6c94a)' },
  { tag: tags.comment, color: 'var(--ts-dim, var(--mantine-color-dimmed))', fontStyle: 'italic' },
  { tag: tags.invalid, color: 'light-dark(#c22a1c, #ff7a66)' },
]);

const BOX = EditorView.theme({
  '&': {
    fontSize: '13.5px',
    backgroundColor: 'var(--ts-surface, var(--mantine-color-body))',
    color: 'var(--ts-text, var(--mantine-color-text))',
  },
  '&.cm-focused': { outline: '2px solid var(--ts-accent, var(--mantine-primary-color-filled))', outlineOffset: '-1px' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.5', maxHeight: '220px' },
  '.cm-content': { padding: '5px 0', caretColor: 'var(--ts-text, var(--mantine-color-text))' },
  '.cm-line': { padding: '0 8px' },
  '.cm-placeholder': { color: 'var(--ts-dim, var(--mantine-color-dimmed))' },
  '.cm-cursor': { borderLeftColor: 'var(--ts-text, var(--mantine-color-text))' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { background: 'light-dark(#cfe3fa, #29466b)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--ts-raised, var(--mantine-color-body))',
    color: 'var(--ts-text, var(--mantine-color-text))',
    border: '1px solid var(--ts-line, var(--mantine-color-default-border))',
    borderRadius: '4px',
    boxShadow: '0 4px 14px rgb(0 0 0 / 18%)',
    fontSize: '12.5px',
  },
  '.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mantine-font-family-monospace)', maxHeight: '260px' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'light-dark(#dbeafc, #23405f)',
    color: 'inherit',
  },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
  '.cm-completionDetail': {
    color: 'var(--ts-dim, var(--mantine-color-dimmed))',
    fontStyle: 'normal',
    marginLeft: '1em',
  },
  '.cm-completionInfo': { maxWidth: '380px', padding: '6px 8px' },
  '.cm-diagnostic': { padding: '4px 8px' },
  '.ts-hover': { maxWidth: '440px', padding: '6px 8px', lineHeight: '1.4' },
  '.ts-hover span': { color: 'var(--ts-dim, var(--mantine-color-dimmed))' },
  '.cm-matchingBracket': { backgroundColor: 'light-dark(#d9efe5, #24483b) !important' },
});

/** How the editor looks. */
export const editorLook = [BOX, syntaxHighlighting(WORDS)];
