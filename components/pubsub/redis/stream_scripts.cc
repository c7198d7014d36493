// SPDX-License-Identifier: Apache-2.0
#include "stream_scripts.h"

namespace MECHA_COMPONENT {

constexpr RedisScript kOwnScript = {
    R"lua(local k,g,me,what=KEYS[1],ARGV[1],ARGV[2],ARGV[3]
local lost,mine,counts={},{},{}
for i=4,#ARGV do
  local id=ARGV[i]
  local p=redis.call('XPENDING',k,g,id,id,1)[1]
  if p and p[2]==me then
    mine[#mine+1]=id
    counts[#mine]=p[4]
  elseif p or #redis.call('XRANGE',k,id,id)>0 then lost[#lost+1]=i-3 end
end
if #mine>0 and what=='ack' then
  redis.call('XACK',k,g,unpack(mine))
elseif what=='untake' then
  for i,id in ipairs(mine) do
    local n=math.max(counts[i]-1,0)
    redis.call('XCLAIM',k,g,'mecha:returned','0',id,'TIME','0','RETRYCOUNT',n,'JUSTID')
  end
elseif #mine>0 then
  local to=what=='keep' and me or 'mecha:returned'
  local c={'XCLAIM',k,g,to,'0',unpack(mine)}
  c[#c+1]='JUSTID'
  if what~='keep' then
    c[#c+1]='TIME'
    c[#c+1]='0'
  end
  redis.call(unpack(c))
end
if what=='leave' and #redis.call('XPENDING',k,g,'-','+',1,me)==0 then
  redis.call('XGROUP','DELCONSUMER',k,g,me)
end
return lost
)lua",
    "7e686107ae56bbb1eaddb3befa47546b881dda2d"};

// An entry that is gone is nil in the reply of XCLAIM before Redis 7, and no part of it later.
constexpr RedisScript kTakeScript = {
    R"lua(local k,g,me,most=KEYS[1],ARGV[1],ARGV[2],tonumber(ARGV[3])
local from,idle,who=ARGV[4],ARGV[5],ARGV[6]
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
    "5614e0a99e4c9f4840811f91c1e96540f3bbaaf7"};

constexpr RedisScript kTidyScript = {
    R"lua(local k,g,n=KEYS[1],ARGV[1],0
for _,c in ipairs(redis.call('XINFO','CONSUMERS',k,g)) do
  local m={}
  for i=1,#c,2 do m[c[i]]=c[i+1] end
  if m.pending==0 and m.idle>tonumber(ARGV[2]) then
    redis.call('XGROUP','DELCONSUMER',k,g,m.name)
    n=n+1
  end
end
return n
)lua",
    "b9f6644106bc353b7e5c4f10f9aafc5949e94cbf"};

}  // namespace MECHA_COMPONENT
