import type { Exemplar, Mark } from '../core/marks';
import type { PanelData, PanelSeries } from '../core/panel-data';
import type { Threshold } from '../core/thresholds';

/** What every chart takes. Charts never fetch, and fill the box they are put into. */
export interface ChartProps {
  readonly data: PanelData;
  /** See `core/units.ts`. */
  readonly unit?: string | undefined;
  /** Digits behind the point; three significant ones when left out. */
  readonly decimals?: number | undefined;
  /** Ascending by value. */
  readonly thresholds?: readonly Threshold[] | undefined;
  /** Said to those who do not see the picture: the panel's title. */
  readonly label: string;
  /** CSS pixels; the box's height when left out. */
  readonly height?: number | undefined;
}

/** A place on a chart. */
export interface ChartPoint {
  /** Seconds since the epoch. */
  readonly time: number;
  /** The series next to it; null where there is none near. */
  readonly series: PanelSeries | null;
  /** Where it is in the window, CSS pixels. */
  readonly x: number;
  readonly y: number;
}

/** What charts over time take besides. */
export interface TimeChartProps extends ChartProps {
  /** The window that is drawn, seconds; that of the data when left out. */
  readonly range?: { readonly from: number; readonly to: number } | undefined;
  /** 'browser', 'UTC' or an IANA name. */
  readonly zone?: string | undefined;
  /** Called with the stretch a person drew over, seconds. */
  readonly onZoom?: ((from: number, to: number) => void) | undefined;
  /** Charts of the same key share their cursor. */
  readonly syncKey?: string | undefined;
  readonly marks?: readonly Mark[] | undefined;
  readonly exemplars?: readonly Exemplar[] | undefined;
  readonly onExemplar?: ((exemplar: Exemplar) => void) | undefined;
  /** Called with a point that was pressed, by a click or by Enter. */
  readonly onPoint?: ((point: ChartPoint) => void) | undefined;
}

/** The scale of values. */
export type ScaleKind = 'linear' | 'log2' | 'log10';

/** Columns of a legend, in the order in which they are shown. */
export type LegendColumn = 'last' | 'min' | 'max' | 'mean' | 'sum';
