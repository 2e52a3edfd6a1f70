import { durationWords } from '../../core/durations';
import { type Reading, readingWords } from '../../core/reading';
import { timeText } from '../../core/zone';
import { useFrame } from '../../frame/frame-state';

/** Past so many seconds a time without its day could be that of another day. */
const DAY_NEEDED_S = 12 * 3600;

/** What a reading says besides its value, times as they are in the frame's zone; nothing of a reading there is not. */
export function useReadingWords(): (reading: Reading | null | undefined) => string {
  const { zone } = useFrame();
  return (reading) => {
    if (reading === null || reading === undefined) return '';
    const style = reading.age > DAY_NEEDED_S ? 'minute' : 'clock';
    return readingWords(reading, (at) => timeText(at, zone, style), durationWords);
  };
}
