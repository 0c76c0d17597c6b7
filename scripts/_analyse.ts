import { fleetFrom, lowerBound, totalOf } from './simulate/fleet.js';
import { january } from './simulate/parameters.js';
import { ours } from './simulate/procedures.js';
const rows:any[]=[];
for (let s=1;s<=Number(process.argv[2]??50);s++){ const fleet=fleetFrom(s,january);
 for(const c of fleet){ const b=lowerBound(c,january); const p=ours(c,january);
  const tot=c.customers.reduce((a,x)=>a+totalOf(x),0); const chain=Math.max(...c.customers.map(totalOf))/250;
  rows.push({s,n:c.name,knee:c.knee,maxLoad:c.maxLoad,b:Math.round(b),kind: chain>=b-1?'chain':'work',mix:(tot/c.knee/250/chain).toFixed(2),r:p.makespan/b, st:p.overStress, op:p.overOperators, most:p.mostActive, w:p.windows, dl:p.deadlocks,rep:p.worked/tot-1});
 }}
rows.sort((a,b)=>b.r-a.r);
for(const r of rows.slice(0,25)) console.log(JSON.stringify(r));
const q=(f:any,arr=rows)=>{const x=arr.filter(f).map((r:any)=>r.r).sort((a:number,b:number)=>a-b);return x.length+': med '+x[x.length>>1]?.toFixed(3)+' p90 '+x[Math.floor(x.length*.9)]?.toFixed(3)+' max '+x.at(-1)?.toFixed(3)};
console.log('all',q(()=>true)); console.log('work',q((r:any)=>r.kind==='work')); console.log('chain',q((r:any)=>r.kind==='chain'));console.log('bound>1h',q((r:any)=>r.b>3600));console.log('bound>15m work',q((r:any)=>r.b>900&&r.kind==='work'));
console.log('stress',rows.filter(r=>r.st>0).length,'ops',rows.filter(r=>r.op>0).length,'rep max',Math.max(...rows.map(r=>r.rep)));
