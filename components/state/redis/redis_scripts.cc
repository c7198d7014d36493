// SPDX-License-Identifier: Apache-2.0
#include "redis_scripts.h"

namespace MECHA_COMPONENT {

// `v` is a table when the key holds another type: then the pcall caught WRONGTYPE. A version that
// HINCRBY would refuse (not a number, or about to overflow) starts again from 0. Lua's numbers are
// exact up to 2^53, so larger versions are read back as text.
constexpr RedisScript kSetScript = {
    R"lua(local k,m=KEYS[1],ARGV[1]
local v=redis.pcall('HGET',k,'version')
if type(v)=='table' then
  if m~='a' then return false end
  redis.call('DEL',k)
else
  if m=='m' then
    if v~=ARGV[4] then return false end
  elseif m=='n' then
    if redis.call('HEXISTS',k,'data')==1 then return false end
  end
  if v and (#v>18 or not (v=='0' or string.find(v,'^[1-9]%d*$'))) then
    redis.call('HSET',k,'version','0')
  end
end
if m=='a' then redis.call('HSET',k,'data',ARGV[2])
else redis.call('HSET',k,'data',ARGV[2],'first-write','0') end
local n=redis.call('HINCRBY',k,'version',1)
if ARGV[3]~='' then redis.call('PEXPIRE',k,ARGV[3]) else redis.call('PERSIST',k) end
if n>=9007199254740992 then return redis.call('HGET',k,'version') end
return n
)lua",
    "1ccd426a63f383ba894a76f3f318828531bb2361"};

constexpr RedisScript kDeleteScript = {
    R"lua(if redis.pcall('HGET',KEYS[1],'version')~=ARGV[1] then return false end
redis.call('DEL',KEYS[1])
return 1
)lua",
    "593449fa7ced431053e4c5fe943555f80527a502"};

constexpr RedisScript kTransactionScript = {
    R"lua(local s={}
for i,k in ipairs(KEYS) do
  local m=ARGV[4*i-3]
  local v=redis.pcall('HGET',k,'version')
  if m=='m' or m=='M' then
    if v~=ARGV[4*i] then return i end
  elseif m=='n' then
    if type(v)=='table' or redis.call('HEXISTS',k,'data')==1 then return i end
  end
  s[i]=v
end
local r={}
for i,k in ipairs(KEYS) do
  local m,v,t=ARGV[4*i-3],s[i],ARGV[4*i-1]
  if m=='A' or m=='M' then
    redis.call('DEL',k)
    r[i]=0
  else
    if type(v)=='table' then redis.call('DEL',k)
    elseif v and (#v>18 or not (v=='0' or string.find(v,'^[1-9]%d*$'))) then
      redis.call('HSET',k,'version','0')
    end
    if m=='a' then redis.call('HSET',k,'data',ARGV[4*i-2])
    else redis.call('HSET',k,'data',ARGV[4*i-2],'first-write','0') end
    local n=redis.call('HINCRBY',k,'version',1)
    if t~='' then redis.call('PEXPIRE',k,t) else redis.call('PERSIST',k) end
    if n>=9007199254740992 then n=redis.call('HGET',k,'version') end
    r[i]=n
  end
end
return r
)lua",
    "1bd8f2f06008c837791e02a8f264084eddec57d1"};

}  // namespace MECHA_COMPONENT
