import { simulateWork } from './test/evaluation/work/all.ts';
const t=performance.now();
const lines=simulateWork();
console.log(lines.length, Math.round(performance.now()-t),'ms');
const c=new Map();
for(const l of lines){ const u=/user=(\S+)/.exec(l.text)?.[1]; if(u&&/authorized/.test(l.text)) c.set(l.server+' '+u,(c.get(l.server+' '+u)??0)+1);}
console.log(c);
const m=new Map(); for (const l of lines) m.set(l.server+'/'+l.session,(m.get(l.server+'/'+l.session)??[]).concat(/user=(\S+)/.exec(l.text)?.[1]??[])) ;
const n=new Map(); for (const l of lines){const u=l.server+' '+(m.get(l.server+'/'+l.session)?.[0]??'?'); n.set(u,(n.get(u)??0)+1);} console.log(n);
