import { Menu } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { type ReactNode, useMemo, useState } from 'react';

import { parseDuration } from '../../core/durations';
import { useFrame } from '../../frame/frame-state';
import { useWindow } from '../../frame/use-queries';
import type { Box } from '../edit/grid';
import { type Dashboard, gridColumns } from '../model/dashboard';
import { interpolate } from '../variables/interpolate';
import { type ResolvedVariable, valuesOf } from '../variables/resolve';
import { DashboardGrid } from './dashboard-grid';
import classes from './dashboard.module.css';
import { PanelCard } from './panel-card';
import { askedQueries, type AskedQuery } from './panel-queries';
import { sectionsOf, type ShownPanel, type ShownSection } from './sections';
import { useMarks } from './use-marks';
import { usePanelStates } from './use-panel-states';
import { useSeen } from './use-seen';

/** What can be done to panels and rows while a dashboard is edited. */
export interface Editing {
  place(shown: ShownPanel, box: Box): void;
  edit(shown: ShownPanel): void;
  copy(shown: ShownPanel): void;
  remove(shown: ShownPanel): void;
  renameRow(layout: number, title: string): void;
  removeRow(layout: number): void;
}

export interface DashboardViewProps {
  readonly dashboard: Dashboard;
  /** Null while they are resolved: no panel asks before. */
  readonly variables: readonly ResolvedVariable[] | null;
  readonly annotations: boolean;
  readonly editing: Editing | null;
}

/** On pages narrower than this panels stand below each other, each as wide as the page (dashboard.module.css). */
const narrowMax = 780;

// One stream follows 64 queries; a few are left for the frame.
const queriesMax = 56;

/** The panels of a dashboard under their headings. Only panels that were seen ask, all on the page's one stream. */
export function DashboardView({ dashboard, variables, annotations, editing }: DashboardViewProps): ReactNode {
  const { refresh } = useFrame();
  const window = useWindow();
  const { ref, width } = useElementSize();
  const { ids, observe } = useSeen();
  const [folded, setFolded] = useState<Readonly<Record<string, boolean>>>({});
  const resolved = useMemo(() => variables ?? [], [variables]);
  const edited = editing !== null;
  const sections = useMemo(() => sectionsOf(dashboard, resolved, edited), [dashboard, resolved, edited]);
  const values = useMemo(() => (variables ? valuesOf(variables) : null), [variables]);
  const marks = useMarks(dashboard, values, annotations);
  const shown = useMemo(
    () => sections.filter((section) => isOpen(section, folded)).flatMap((section) => section.panels),
    [sections, folded],
  );
  const queries = usePanelQueries(shown, values, window, width, refresh);
  const seen = useMemo(() => new Set(ids), [ids]);
  const asked = useMemo(() => bounded(ids, queries), [ids, queries]);
  const states = usePanelStates(asked);

  return (
    <div ref={ref} className={classes.page}>
      {sections.map((section) => {
        const open = isOpen(section, folded);
        return (
          <section key={section.id} aria-label={section.title ?? 'Panels'}>
            {section.title !== undefined && (
              <RowHead
                section={section}
                title={interpolate(section.title, { ...values, ...section.scope }, 'text')}
                open={open}
                onFold={() => setFolded({ ...folded, [section.id]: !open })}
                editing={editing}
              />
            )}
            {open && (
              <DashboardGrid
                panels={section.panels}
                observe={observe}
                onPlace={editing ? (panel, box) => editing.place(panel, box) : undefined}
                render={(panel, controls) => (
                  <PanelCard
                    shown={panel}
                    values={values}
                    queries={queries.get(panel.id) ?? none}
                    states={states}
                    marks={marks}
                    seen={seen.has(panel.id)}
                    {...(editing ? { controls, menu: <EditEntries shown={panel} editing={editing} /> } : {})}
                  />
                )}
              />
            )}
          </section>
        );
      })}
    </div>
  );
}

const none: readonly AskedQuery[] = [];

function isOpen(section: ShownSection, folded: Readonly<Record<string, boolean>>): boolean {
  return section.title === undefined || (folded[section.id] ?? section.open);
}

/** Each panel's queries; the same list for as long as nothing that is in it changed. */
function usePanelQueries(
  shown: readonly ShownPanel[],
  values: ReturnType<typeof valuesOf> | null,
  window: { readonly start: number; readonly end: number },
  width: number,
  refresh: string | null,
): ReadonlyMap<string, readonly AskedQuery[]> {
  const seconds = (refresh === null ? null : parseDuration(refresh)) ?? 0;
  const [kept] = useState(() => new Map<string, { text: string; list: readonly AskedQuery[] }>());
  // Filling in some fifty queries is not for every point that comes.
  return useMemo(() => {
    if (values === null || width === 0) return new Map();
    const range = { from: window.start, to: window.end };
    return new Map(
      shown.map((panel) => {
        const own = width < narrowMax ? width : (width * panel.width) / gridColumns;
        const made = askedQueries(panel, values, range, own, seconds);
        const text = JSON.stringify(made);
        const before = kept.get(panel.id);
        const list = before?.text === text ? before.list : made;
        kept.set(panel.id, { text, list });
        return [panel.id, list] as const;
      }),
    );
  }, [kept, shown, values, window, width, seconds]);
}

/** The queries of the panels that were seen last, as many as one stream takes. */
function bounded(ids: readonly string[], queries: ReadonlyMap<string, readonly AskedQuery[]>): readonly AskedQuery[] {
  const asked: AskedQuery[] = [];
  for (const id of ids) {
    const own = queries.get(id) ?? none;
    if (asked.length + own.length > queriesMax) break;
    asked.push(...own);
  }
  return asked;
}

interface RowHeadProps {
  readonly section: ShownSection;
  readonly title: string;
  readonly open: boolean;
  readonly onFold: () => void;
  readonly editing: Editing | null;
}

function RowHead({ section, title, open, onFold, editing }: RowHeadProps): ReactNode {
  const count = section.panels.length;
  return (
    <div className={classes.row}>
      <button type="button" className={classes.rowButton} aria-expanded={open} onClick={onFold}>
        {title}
        {!open && <span className={classes.rowCount}>{count === 1 ? '1 panel' : `${count} panels`}</span>}
      </button>
      <span className={classes.rowLine} />
      {editing && (
        <Menu position="bottom-end" shadow="md">
          <Menu.Target>
            <button type="button" className={classes.grip} aria-label={`Menu of row ${title}`}>
              ⋯
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              onClick={() => {
                const next = window.prompt('Title of the row', section.title);
                if (next !== null) editing.renameRow(section.layout, next);
              }}
            >
              Rename
            </Menu.Item>
            <Menu.Item onClick={() => editing.removeRow(section.layout)}>Remove the heading</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </div>
  );
}

function EditEntries({ shown, editing }: { readonly shown: ShownPanel; readonly editing: Editing }): ReactNode {
  return (
    <>
      <Menu.Divider />
      <Menu.Item onClick={() => editing.edit(shown)}>Edit</Menu.Item>
      <Menu.Item onClick={() => editing.copy(shown)}>Duplicate</Menu.Item>
      <Menu.Item color="red" onClick={() => editing.remove(shown)}>
        Remove
      </Menu.Item>
    </>
  );
}
