import { useMemo } from 'react';

import { type Frame } from '../../core/frame';
import { panelData, type PanelData } from '../../core/panel-data';

/** An SLI's series for a chart, named by their label; the same object while its frame is, so that a point of another SLI draws nothing. */
export function useSliData(name: string, frame: Frame | null, by: string): PanelData {
  return useMemo(() => panelData([{ id: name, frame, legend: `{{${by}}}` }]), [name, frame, by]);
}
