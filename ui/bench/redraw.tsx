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

/** Milliseconds of each of `times` redraws of `series` x `points`, from new data to a canvas that has been drawn. */
async function redraws(series: number, points: number, times: number): Promise<number[]> {
  let frame = walks(series, points, 5, END);
  createRoot(document.getElementById('root')!).render(
    <MantineProvider>
      <div style={{ width: 900, height: 420 }}>
        <Chart first={frame} />
      </div>
    </MantineProvider>,
  );
  for (let i = 0; i < 10; ++i) await nextPaint();
  const found: number[] = [];
  for (let i = 0; i < times; ++i) {
    frame = stepOn(frame, i + 1);
    const begun = performance.now();
    flushSync(() => chart.show(frame));
    // uPlot draws in a microtask; reading a pixel back makes the canvas do what it was told.
    await Promise.resolve();
    await Promise.resolve();
    document.querySelector<HTMLCanvasElement>('.uplot canvas')!.getContext('2d')!.getImageData(0, 0, 1, 1);
    found.push(performance.now() - begun);
    await nextPaint();
  }
  return found;
}

Object.assign(window, { redraws });
