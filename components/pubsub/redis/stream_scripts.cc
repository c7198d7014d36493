// SPDX-License-Identifier: Apache-2.0
#include "stream_scripts.h"

namespace MECHA_COMPONENT {

constexpr RedisScript kOwnScript = {
    R"lua(local k,g,me,what=KEYS[1],ARGV[1],ARGV[2],ARGV[3]
local lost,mine={},{}
for i=4,#ARGV do
  local id=ARGV[i]
  local p=redis.call('XPENDING',k,g,id,id,1)[1]
  if p and p[2]==me then mine[#mine+1]=id
  elseif p or #redis.call('XRANGE',k,id,id)>0 then lost[#lost+1]=i-3 end
end
if #mine==0 then return lost end
if what=='ack' then
  redis.call('XACK',k,g,unpack(mine))
else
  local to=what=='keep' and me or 'mecha:returned'
  local c={'XCLAIM',k,g,to,'0',unpack(mine)}
  c[#c+1]='JUSTID'
  if what=='return' then
    c[#c+1]='TIME'
    c[#c+1]='0'
  end
  redis.call(unpack(c))
end
return lost
)lua",
    "01034a58ed3fda6eec3ea6977f6466b231fd0e7d"};

// An entry that is gone is nil in the reply of XCLAIM before Redis 7, and no part of it later.
constexpr RedisScript kTakeScript = {
    R"lua(local k,g,me,most,from,idle,who=KEYS[1],ARGV[1],ARGV[2],tonumber(ARGV[3]),ARGV[4],ARGV[5],ARGV[6]
local page,p=1000
if who=='' then
  p=redis.call('XPENDING',k,g,from,'+',page)
else
  page=most
  p=redis.call('XPENDING',k,g,from,'+',page,who)
end
local r,at={},''
for _,e in ipairs(p) do
  at=e[1]
  if e[2]~=me and e[3]>=tonumber(idle) then
    local c=redis.call('XCLAIM',k,g,me,idle,e[1])
    if c[1] then r[#r+1]={c[1],e[4]+1} else redis.call('XACK',k,g,e[1]) end
    if #r==most then break end
  end
end
if #r<most and #p<page then at='' end
return {at,r}
)lua",
    "b0b5dedc695a0149d8afa2180bcf3b3f9a20a2e2"};

constexpr RedisScript kTidyScript = {
    R"lua(local k,g,n=KEYS[1],ARGV[1],0
for _,c in ipairs(redis.call('XINFO','CONSUMERS',k,g)) do
  local m={}
  for i=1,#c,2 do m[c[i]]=c[i+1] end
  if m.pending==0 and (m.name==ARGV[2] or m.idle>tonumber(ARGV[3])) then
    redis.call('XGROUP','DELCONSUMER',k,g,m.name)
    n=n+1
  end
end
return n
)lua",
    "26aca1578ac1dd79420d87d3734af874fba0a1e9"};

}  // namespace MECHA_COMPONENT
