import type { PanelData } from '../../core/panel-data';
import { type Column, latestTable, type TableData } from '../../core/table';
import { arrayOf, type JsonObject, objectOf, textOf } from '../model/json';
import { formatOf } from '../model/options';

/** The latest values of a panel's series as its table wants them: columns named, hidden and in units of their own. */
export function panelTable(data: PanelData, spec: JsonObject, queryNames: Readonly<Record<string, string>>): TableData {
  const table = latestTable(data, formatOf(spec).unit, queryNames);
  const settings = arrayOf(spec['columnSettings']).map(objectOf);
  const queries = [...new Set(data.series.map((series) => series.query))];
  const kept = table.columns.map((column) => settingFor(settings, column, queries));
  const shown = kept.flatMap((setting, index) => (setting['hide'] === true ? [] : [index]));
  return {
    columns: shown.map((index) => configured(table.columns[index]!, kept[index]!)),
    rows: table.rows.map((row) => shown.map((index) => row[index] ?? null)),
  };
}

/** A value column goes by `Value`, `Value #A` (Grafana's letter of its query) or the number of its query, as well as by its title. */
function settingFor(settings: readonly JsonObject[], column: Column, queries: readonly string[]): JsonObject {
  const place = column.kind === 'value' ? queries.indexOf(column.key.slice(1)) : -1;
  const names = place < 0 ? [column.title] : valueNames(column, place, queries.length === 1);
  return settings.findLast((setting) => names.includes(textOf(setting['name']) ?? '')) ?? {};
}

function valueNames(column: Column, place: number, alone: boolean): readonly string[] {
  const letter = String.fromCodePoint(65 + place);
  const numbered = [`Value #${letter}`, `value #${place + 1}`, column.title];
  return alone ? ['Value', 'value', ...numbered] : numbered;
}

function configured(column: Column, setting: JsonObject): Column {
  const header = textOf(setting['header']);
  const { unit } = formatOf(setting);
  return { ...column, ...(header ? { title: header } : {}), ...(unit ? { unit } : {}) };
}
