import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
  completionStatus,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from '@codemirror/commands';
import { bracketMatching, indentOnInput } from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { PromQLExtension } from '@prometheus-io/codemirror-promql';
import { useEffect, useEffectEvent, useRef, type RefObject } from 'react';

import { CompletionClient } from './completion-client';
import { promqlHover } from './hover';
import { editorLook } from './look';
import type { QueryEditorProps } from './query-editor';
import { ownLint, serverLint } from './server-lint';

interface PromqlEditorProps extends QueryEditorProps {
  /** Whether the field that stood in its place had the focus. */
  readonly focused: RefObject<boolean>;
}

/** One for all editors of a page: they share what it keeps. */
const client = new CompletionClient();

/** Metrics of which the list of completions shows type and help; with more it would be slow to open. */
const DESCRIBED_MAX = 5_000;

/**
 * PromQL with completion, lint and words on what is pointed at. Enter runs the query, Shift+Enter makes a line, Tab completes; where no
 * completion is open it goes on to the next field, so that the keyboard is not caught.
 */
export default function PromqlEditor(props: PromqlEditorProps) {
  const { value, onChange, onRun, label, focused } = props;
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const changed = useEffectEvent((text: string) => onChange(text));
  const run = useEffectEvent(() => onRun());
  const first = useEffectEvent(() => ({ value, label, focus: focused.current }));

  useEffect(() => {
    const { value: doc, label: name, focus } = first();
    const promql = new PromQLExtension()
      .activateCompletion(true)
      .activateLinter(false)
      .setComplete({ remote: client, maxMetricsMetadata: DESCRIBED_MAX });
    const runNow = () => {
      run();
      return true;
    };
    const made = new EditorView({
      parent: box.current!,
      state: EditorState.create({
        doc,
        extensions: [
          editorLook,
          history(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          // Tab right after the list opened takes from it: with a delay it would leave the field in that moment.
          autocompletion({ maxRenderedOptions: 100, interactionDelay: 0 }),
          EditorView.lineWrapping,
          placeholder('PromQL, for example: sum by (region) (game_players)'),
          Prec.highest(keymap.of([{ key: 'Tab', run: acceptCompletion }])),
          Prec.high(
            keymap.of([
              { key: 'Mod-Enter', run: runNow },
              { key: 'Shift-Enter', run: insertNewlineAndIndent },
            ]),
          ),
          keymap.of([
            ...completionKeymap,
            ...closeBracketsKeymap,
            { key: 'Enter', run: runNow },
            ...defaultKeymap,
            ...historyKeymap,
            ...lintKeymap,
          ]),
          promql.asExtension(),
          ownLint,
          serverLint,
          promqlHover,
          EditorView.contentAttributes.of({ 'aria-label': name }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed(update.state.doc.toString());
            // What was asked for while one typed may come when one has gone on: a list would stay open over another field.
            if (!update.view.hasFocus && completionStatus(update.state) !== null) {
              queueMicrotask(() => view.current === update.view && closeCompletion(update.view));
            }
          }),
        ],
      }),
    });
    view.current = made;
    if (focus) made.focus();
    return () => {
      view.current = null;
      made.destroy();
      promql.destroy();
    };
  }, []);

  useEffect(() => {
    const now = view.current;
    // Only what came from elsewhere (history, the URL) is put in: the own text would lose its cursor.
    if (now !== null && now.state.doc.toString() !== value) {
      now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
    }
  }, [value]);

  return <div ref={box} />;
}
