import { useLocation } from 'wouter';

import { useFrame } from '../../frame/frame-state';
import { withChoices } from '../variables/url';
import { isFilter } from './use-variables';

/** A variable that is called as a filter of the frame sets that filter, which is kept from page to page; others stand in the address. */
export function useChoose(): (name: string, values: readonly string[]) => void {
  const { filters, setFilters } = useFrame();
  const [location, navigate] = useLocation();
  return (name, values) => {
    const now = new URLSearchParams(window.location.search);
    const concrete = values.filter((value) => !value.startsWith('$__'));
    if (!isFilter(name)) return navigate(`${location}?${withChoices(now, { [name]: values }).toString()}`);
    now.delete(`var-${name}`);
    navigate(`${location}?${now.toString()}`, { replace: true });
    const { [name]: _gone, ...others } = filters;
    setFilters(concrete.length === 0 ? others : { ...others, [name]: concrete });
  };
}
