import { Component, lazy, Suspense, useRef, useState, type ReactNode } from 'react';

import classes from './editor.module.css';

/** A field for PromQL. */
export interface QueryEditorProps {
  readonly value: string;
  readonly onChange: (text: string) => void;
  /** Enter, or Ctrl+Enter. */
  readonly onRun: () => void;
  /** Its accessible name: "Query A". */
  readonly label: string;
  readonly autoFocus?: boolean | undefined;
  /** A plain field while true: the page has something to show first that the loading of the editor would hold up. */
  readonly later?: boolean | undefined;
}

const PromqlEditor = lazy(() => import('./promql-editor'));

/** The PromQL editor, in a chunk of its own (some 150 kB); a plain field until it is there, and for good when it cannot be loaded. */
export function QueryEditor(props: QueryEditorProps) {
  const { later = false, autoFocus = false } = props;
  const [begun, setBegun] = useState(!later);
  if (!begun && !later) setBegun(true);
  // Who types already shall not be stopped by the change.
  const typing = useRef(autoFocus);
  const plain = <PlainEditor {...props} />;
  return (
    <div
      className={classes.editor}
      onFocus={() => (typing.current = true)}
      onBlur={(event) => (typing.current = event.relatedTarget === null && typing.current)}
    >
      {begun ? (
        <Fallback otherwise={plain}>
          <Suspense fallback={plain}>
            <PromqlEditor {...props} focused={typing} />
          </Suspense>
        </Fallback>
      ) : (
        plain
      )}
    </div>
  );
}

function PlainEditor({ value, onChange, onRun, label }: QueryEditorProps) {
  return (
    <textarea
      className={classes.plain}
      aria-label={label}
      rows={1}
      value={value}
      spellCheck={false}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || event.shiftKey) return;
        event.preventDefault();
        onRun();
      }}
    />
  );
}

/** Shows something else when what is below it cannot be loaded: after an update the old chunk is gone. */
class Fallback extends Component<
  { readonly otherwise: ReactNode; readonly children: ReactNode },
  { readonly failed: boolean }
> {
  override state = { failed: false };
  static getDerivedStateFromError() {
    return { failed: true };
  }
  override render() {
    return this.state.failed ? this.props.otherwise : this.props.children;
  }
}
