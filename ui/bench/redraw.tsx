// One chart whose data is replaced again and again; driven by measure.ts through `window.redraws`.
import '@mantine/core/styles.css';
import { MantineProvider } from '@mantine/core';
import { useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';

import { TimeSeriesChart } from '../src/charts/time-series-chart';
import type { Frame } from '../src/core/frame';
import { panelData } from '../src/core/panel-data';
import { stepOn, walks } from './made-data';

const END = 1_795_694_400;

/** Set by the chart once it is there. */
const chart: { show: (frame: Frame) => void } = { show: () => {} };

function Chart({ first }: { readonly first: Frame }) {
  const [frame, setFrame] = useState(first);
  useEffect(() => {
    chart.show = setFrame;
  }, []);
  return <TimeSeriesChart label="redraws" zone="UTC" data={panelData([{ id: 'A', frame }])} />;
}

const nextPaint = () => new Promise<void>((done) => requestAnimationFrame(() => setTimeout(done)));

let frames: Frame[] = [];

/** Shows `series` x `points`, and makes what `redraws` will show: the making is not what is measured. */
async function prepare(series: number, points: number, times: number): Promise<void> {
  frames = [walks(series, points, 5, END)];
  for (let i = 1; i <= times; ++i) frames.push(stepOn(frames[i - 1]!, i));
  createRoot(document.getElementById('root')!).render(
    <MantineProvider>
      <div style={{ width: 900, height: 420 }}>
        <Chart first={frames[0]!} />
      </div>
    </MantineProvider>,
  );
  for (let i = 0; i < 10; ++i) await nextPaint();
}

/**
 * Milliseconds of each redraw from the `from`th to before the `to`th: from new data to a canvas that has been told all. With `readBack`
 * a pixel is read, so that the canvas has done what it was told, rather than at the next paint.
 */
async function redraws(from: number, to: number, readBack: boolean): Promise<number[]> {
  const found: number[] = [];
  for (let i = from; i < to; ++i) {
    const begun = performance.now();
    flushSync(() => chart.show(frames[i + 1]!));
    // uPlot draws in a microtask.
    await Promise.resolve();
    await Promise.resolve();
    if (readBack)
      document.querySelector<HTMLCanvasElement>('.uplot canvas')!.getContext('2d')!.getImageData(0, 0, 1, 1);
    found.push(performance.now() - begun);
    await nextPaint();
  }
  return found;
}

Object.assign(window, { prepare, redraws });
